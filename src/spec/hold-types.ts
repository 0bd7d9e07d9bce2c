import type { HoldEnd } from "../base/mode.js";

/** What bounds a hold, unless the command says otherwise. */
export interface Hold {
  /** Of one request; then it gets the maintenance answer. */
  maxWaitMs: number;
  /** Requests held at once, by each worker. */
  maxHeld: number;
  /** Of one client address; loopback and trusted proxies are not counted. */
  maxHeldPerClient: number;
  /** Bytes of one held request that are read ahead. */
  maxBodyBytes: number;
  /** The hold ends by itself after this long. */
  forMs: number;
  onExpiry: HoldEnd["onExpiry"];
  /** Requests at the backends at once while those held are let go; null: what the upstream takes. */
  releaseConcurrency: number | null;
  /** How long `fence hold` waits until no request is at the backends. */
  drainTimeoutMs: number;
}

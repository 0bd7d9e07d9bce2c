import type { HoldEnd, Mode } from "../base/mode.js";

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

/** One hold, as stamped into its variant. */
export interface HoldValues extends HoldEnd {
  maxWaitMs: number;
  maxHeld: number;
  maxHeldPerClient: number;
  maxBodyBytes: number;
  releaseConcurrency: number;
}

/** What a person asked for and what the clients are told; stamped into each variant. */
export interface ModeValues {
  mode: Mode;
  /** Grows by one with each switch of the site; 0 in files that `fence render` writes. */
  generation: number;
  /** Seconds for Retry-After when `untilMs` is null or past. */
  retryAfterSec: number;
  /** Unix time in milliseconds of the expected end; null: not known. */
  untilMs: number | null;
  /** Whole seconds from the switch to `untilMs`, for what cannot calculate; null when there is no end ahead. */
  leftSec: number | null;
  message: string;
  reason: string;
  /** Of mode hold; null in the others. */
  hold: HoldValues | null;
}

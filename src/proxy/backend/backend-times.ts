import type { Upstream } from "../../spec/types.js";

/**
 * What an upstream grants its backends. Whole seconds are met by the sweep, within a second after them; a connection has
 * a timer of its own, for a client waits for each that is tried in vain.
 */
export interface BackendTimes {
  connectMs: number;
  /** To the first byte of an answer, and between two reads of it. */
  readSec: number;
  /** A backend that takes nothing of what it was sent. */
  sendSec: number;
  /** One that refused a connection is passed over. */
  restSec: number;
}

export function timesOf(
  upstream: Pick<Upstream, "connectTimeoutMs" | "readTimeoutMs" | "sendTimeoutMs" | "restMs">,
): BackendTimes {
  return {
    connectMs: upstream.connectTimeoutMs,
    readSec: Math.ceil(upstream.readTimeoutMs / 1000),
    sendSec: Math.ceil(upstream.sendTimeoutMs / 1000),
    restSec: Math.ceil(upstream.restMs / 1000),
  };
}

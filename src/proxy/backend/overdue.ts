import type { Failure } from "../answers/failures.js";
import { TIMEOUTS_SEC } from "../timeouts.js";
import { isUnsent } from "../transport.js";
import type { BackendLink } from "./backend-link.js";
import type { Exchange } from "./exchange.js";

/**
 * What takes too long between an exchange and its backend. One that is not connected yet has a timer of its own, and a
 * client that does not take the answer is held to its own limit.
 * @param tick of the coarse clock
 */
export function overdueOf(
  { heardAt, isTunnel, isRequestSent, client }: Exchange,
  { isConnected, socket, pool }: BackendLink,
  tick: number,
): Failure | "tunnel-idle" | null {
  const quiet = tick - heardAt;
  const { readSec, sendSec } = pool.times;
  if (isTunnel) return quiet > TIMEOUTS_SEC.tunnelIdle ? "tunnel-idle" : null;
  if (!isConnected) return null;
  if (client.isAnswered) return quiet > readSec && !isUnsent(client.socket) ? "backend-stalled" : null;
  if (isRequestSent) return quiet > readSec ? "first-byte-timeout" : null;
  return isUnsent(socket) && quiet > sendSec ? "backend-write-stalled" : null;
}

/**
 * At the second look at it behind the head of its answer, a second or two later, a request becomes a stream: it may last
 * for days, and those that wait while a hold is released do not wait for it.
 */
export function lookForStream(exchange: Exchange, tick: number): void {
  const { client, site, answer } = exchange;
  if (answer === "stream" || !client.isAnswered || exchange.isTunnel || exchange.isExempt) return;
  if (answer === null) exchange.answer = tick;
  else if (tick > answer) {
    exchange.answer = "stream";
    site.streamBegins();
  }
}

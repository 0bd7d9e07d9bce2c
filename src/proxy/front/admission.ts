import type { Failure } from "../answers/failures.js";
import type { Context } from "../context.js";
import { PROXY_LIMITS } from "../timeouts.js";
import { addressOf, type AddressSet } from "../wire/addresses.js";

/** Leave to come in; to be given back with `leave`. */
export interface Admission {
  /** By which address it is counted; null: it is not. */
  readonly countedAs: string | null;
}

const UNCOUNTED: Admission = { countedAs: null };

/**
 * Counts a connection, or a stream of one that carries many, or says why there are too many.
 * @param peer its address; "": none that could be told
 * @param trusted peers that stand for many clients
 */
export function admit(context: Context, peer: string, trusted: AddressSet): Admission | Failure {
  if (context.clients.size + context.http2.size >= PROXY_LIMITS.connectionsMax) return "too-many-connections";
  return admitAs(context.perClient, countedAddress(peer, trusted)) ?? "too-many-of-client";
}

/** The same for what has a count of its own. @returns null: there are too many of the client */
export function admitAs(perClient: Map<string, number>, countedAs: string | null): Admission | null {
  if (countedAs === null) return UNCOUNTED;
  const count = perClient.get(countedAs) ?? 0;
  if (count >= PROXY_LIMITS.connectionsPerClientMax) return null;
  perClient.set(countedAs, count + 1);
  return { countedAs };
}

export function leave({ perClient }: Pick<Context, "perClient">, { countedAs }: Admission): void {
  if (countedAs === null) return;
  const count = (perClient.get(countedAs) ?? 1) - 1;
  if (count > 0) perClient.set(countedAs, count);
  else perClient.delete(countedAs);
}

/** null: it stands for many clients, or has none */
export function countedAddress(peer: string, trusted: AddressSet): string | null {
  if (peer === "" || isLoopback(peer)) return null;
  const address = addressOf(peer);
  return address === null || trusted.has(address) ? null : address.text;
}

export function isLoopback(peer: string): boolean {
  return peer.startsWith("127.") || peer === "::1";
}

import type { Exchange } from "../backend/exchange.js";
import type { Forwarding } from "../wire/forwarding.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import type { Script } from "./script-path.js";
import type { Spool } from "./spool.js";
import { variablesText, type Origin } from "./variables.js";

/** For a client whose address cannot be told: an address that nobody has, and that no list of trusted ones holds. */
const UNKNOWN = "0.0.0.0";

/** What has to be known of a request before a backend may have it. */
export interface Prepared {
  readonly script: Script;
  /** A body of unknown length; null: there is none, or its length was told. */
  readonly spool: Spool | null;
}

/** What an exchange sends in place of an HTTP head. */
export interface CgiCall {
  readonly head: string;
  readonly spool: Spool | null;
}

/** @returns null: the protocol has no room for so much */
export function callOf(exchange: Exchange, upstream: CgiUpstream, prepared: Prepared): CgiCall | null {
  const { client, request, site } = exchange;
  const { script, spool } = prepared;
  const { framing } = request;
  const bodyBytes = spool !== null ? spool.bytes : framing.kind === "length" ? framing.length : null;
  const forwarding = client.forwardingFor(site);
  // What else a trusted proxy knows; of any other peer the variables have told all there is.
  const fields = forwarding.isTrusted ? request.fields + exchange.forwardingLines() : request.fields;
  const origin = originOf(exchange, forwarding);
  const pairs = variablesText(upstream, request, fields, script, origin, bodyBytes);
  const head = upstream.codec.head(pairs, bodyBytes);
  return head === null ? null : { head, spool };
}

function originOf(exchange: Exchange, forwarding: Forwarding): Origin {
  const { client, request } = exchange;
  const { socket } = client;
  const { sent } = request;
  const isPeer = !forwarding.isTrusted || sent.xForwardedFor === "";
  return {
    address: forwarding.client(sent)?.text ?? UNKNOWN,
    port: isPeer ? (socket.remotePort ?? null) : null,
    serverAddress: socket.localAddress ?? null,
    serverPort: forwarding.port(sent),
    scheme: forwarding.protocol(sent),
  };
}

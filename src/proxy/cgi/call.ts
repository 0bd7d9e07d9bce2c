import type { Exchange } from "../backend/exchange.js";
import type { Forwarding } from "../wire/forwarding.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import type { Prepared } from "./prepared.js";
import type { Spool } from "./spool.js";
import { VariablesMemory } from "./variables-memory.js";
import { fieldVariables, originVariables, requestVariables, type Origin } from "./variables.js";

/** For a client whose address cannot be told: an address that nobody has, and that no list of trusted ones holds. */
const UNKNOWN = "0.0.0.0";

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
  const head = upstream.codec.head(
    upstream.fixed +
      requestVariables(upstream, request, script, bodyBytes) +
      clientVariables(exchange, upstream, forwarding) +
      upstream.extra,
    bodyBytes,
  );
  return head === null ? null : { head, spool };
}

function clientVariables(exchange: Exchange, upstream: CgiUpstream, forwarding: Forwarding): string {
  const { client, request } = exchange;
  if (forwarding.isTrusted) {
    // What else a trusted proxy knows; of any other peer the variables have told all there is.
    const fields = request.fields + exchange.forwardingLines();
    return originVariables(upstream, originOf(exchange, forwarding)) + fieldVariables(upstream, fields);
  }
  let { memory } = client;
  if (memory === null || memory.upstream !== upstream || memory.forwarding !== forwarding)
    memory = client.memory = new VariablesMemory(upstream, forwarding);
  return memory.origin(() => originOf(exchange, forwarding)) + memory.of(request.fields);
}

function originOf(exchange: Exchange, forwarding: Forwarding): Origin {
  const { client, request } = exchange;
  const { socket } = client;
  const { sent } = request;
  const isPeer = !forwarding.isTrusted || sent.xForwardedFor === "";
  return {
    address: forwarding.client(sent)?.text ?? UNKNOWN,
    port: isPeer ? client.farEnd.port : null,
    serverAddress: socket.localAddress ?? null,
    serverPort: forwarding.port(sent),
    scheme: forwarding.protocol(sent),
  };
}

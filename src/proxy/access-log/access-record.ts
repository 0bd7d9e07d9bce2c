import { BYPASS_PATH } from "../../base/bypass.js";
import type { Client } from "../front/client.js";
import { StreamSocket } from "../front/http2/stream-socket.js";
import { fieldValue } from "../wire/field-value.js";
import type { RequestHead } from "../wire/types.js";

/** One request as the access log tells it. Cookies and Authorization are never part of it. */
export interface AccessRecord {
  /** Unix time of its end. */
  timeMs: number;
  /** The client's address: behind trusted proxies what they say. */
  client: string;
  /** null in all of these: the request was never read whole. */
  host: string | null;
  method: string | null;
  target: string | null;
  protocol: string | null;
  /** null: no site has this host. */
  site: string | null;
  mode: string | null;
  status: number;
  /** Of the answer's body. */
  bytes: number;
  /** From the whole head of the request to the last byte of the answer that was handed on. */
  ms: number;
  backend: string | null;
  /** To the head of the backend's answer; null: there was none. */
  backendMs: number | null;
  referer: string | null;
  userAgent: string | null;
  /** Why it failed, a word of docs/proxy.md; null: it did not. */
  reason: string | null;
}

const NOTHING = { site: null, backend: null, backendMs: null };

export function recordOf(
  client: Client,
  status: number,
  bytes: number,
  timeMs: number,
  ms: number,
): AccessRecord {
  const { request } = client;
  const { reason } = client.notes;
  // Those of a request that was never whole are of the one before it.
  const { site, backend, backendMs } = request === null ? NOTHING : client.notes;
  const address = site === null || request === null ? null : client.forwardingFor(site).client(request.sent);
  return {
    timeMs,
    client: address?.text ?? client.peer,
    host: request?.host ?? null,
    method: request?.method ?? null,
    target: request === null ? null : loggedTarget(request),
    protocol: protocolOf(client),
    site: site?.name ?? null,
    mode: site?.modes.mode ?? null,
    status,
    bytes,
    ms: Math.round(ms),
    backend,
    backendMs: backendMs === null ? null : Math.round(backendMs),
    referer: request === null ? null : fieldValue(request.fields, "referer"),
    userAgent: request === null ? null : fieldValue(request.fields, "user-agent"),
    reason,
  };
}

/** The token of a bypass is a secret. */
function loggedTarget({ path, target }: RequestHead): string {
  return path.startsWith(BYPASS_PATH) ? `${BYPASS_PATH}*` : target;
}

function protocolOf({ request, socket }: Client): string | null {
  if (request === null) return null;
  if ((socket as object) instanceof StreamSocket) return "HTTP/2.0";
  return request.version === 10 ? "HTTP/1.0" : "HTTP/1.1";
}

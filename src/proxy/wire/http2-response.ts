import type { OutgoingHttpHeaders } from "node:http";
import type { ResponseHead } from "./types.js";

/**
 * The head of an answer as HTTP/2 has it: names in lower case, lines of one name in one value (RFC 9110 section 5.3; but
 * for Set-Cookie), Content-Length for what is told by it. What belongs to a connection the parser has dropped.
 */
export function http2Headers(head: ResponseHead): OutgoingHttpHeaders {
  const headers: Record<string, string | string[] | number> = Object.create(null) as Record<string, never>;
  headers[":status"] = head.status;
  const { fields } = head;
  for (let at = 0; at < fields.length;) {
    const end = fields.indexOf("\r\n", at);
    const colon = fields.indexOf(":", at);
    const name = fields.slice(at, colon).toLowerCase();
    const value = fields.slice(colon + 1, end).trim();
    const before = headers[name];
    if (name === "set-cookie") headers[name] = [...((before as string[] | undefined) ?? []), value];
    else headers[name] = before === undefined ? value : `${String(before)}, ${value}`;
    at = end + 2;
  }
  if (head.declaredLength !== null && head.status !== 204 && !head.interim)
    headers["content-length"] = head.declaredLength;
  return headers;
}

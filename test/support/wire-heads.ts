import assert from "node:assert/strict";
import { parseRequestHead } from "../../src/proxy/wire/request-head.js";
import { type Asked, parseResponseHead } from "../../src/proxy/wire/response-head.js";
import type { RequestHead, ResponseHead } from "../../src/proxy/wire/types.js";

/** The handshake of RFC 6455 section 1.3. */
export const WEBSOCKET_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const WEBSOCKET_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** The head of a request that is right. */
export function requestOf(...lines: string[]): RequestHead {
  const bytes = Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
  const head = parseRequestHead(bytes, 0, bytes.length);
  assert.ok(head !== "incomplete" && head.kind === "request");
  return head;
}

/** The head of a response that is right. */
export function responseOf(asked: Asked, ...lines: string[]): ResponseHead {
  const bytes = Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
  const head = parseResponseHead(bytes, 0, bytes.length, asked);
  assert.ok(head !== "incomplete" && head.kind === "response");
  return head;
}

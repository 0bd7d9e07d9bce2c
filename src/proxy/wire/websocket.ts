import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 bytes in base64: 22 digits, the last with four bits of zero, and two signs of equality. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Is this a Sec-WebSocket-Key of 16 bytes (RFC 6455 section 4.1)? */
export function isWebSocketKey(key: string): boolean {
  return KEY.test(key);
}

/** Does this Sec-WebSocket-Accept answer that Sec-WebSocket-Key? */
export function acceptsWebSocket(key: string, accept: string): boolean {
  return createHash("sha1").update(`${key}${GUID}`, "latin1").digest("base64") === accept;
}

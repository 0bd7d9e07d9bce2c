import { isFieldValue, isToken } from "./bytes.js";
import { parseHost } from "./host.js";
import type { RequestHead, ResponseFraming, ResponseHead, Version } from "./types.js";

/** What the receiver of a response head speaks and wants. */
export interface Receiver {
  readonly version: Version;
  /** it wants the connection kept; false also when fence is to close it */
  readonly keepAlive: boolean;
}

/** `100 Continue`, which has no field. */
export const CONTINUE_TEXT = "HTTP/1.1 100 Continue\r\n\r\n";

/**
 * One field line with its CRLF: the only way for text that no parser has read to get into a head.
 * @throws {RangeError} for a name that is not a token, and a value that could break the line
 */
export function fieldLine(name: string, value: string): string {
  if (!isToken(name)) throw new RangeError(`not a field name: ${JSON.stringify(name)}`);
  if (!isFieldValue(value)) throw new RangeError(`not a value of ${name}: ${JSON.stringify(value)}`);
  return `${name}: ${value}\r\n`;
}

/**
 * The head for the backend, built anew: HTTP/1.1, one Host, one framing field, no Connection but for an upgrade.
 * @param lines forwarding and other field lines, each made by fieldLine()
 * @param defaultHost for an HTTP/1.0 request without Host
 */
export function requestHeadText(head: RequestHead, lines: string, defaultHost: string): string {
  const { framing, upgrade, hostText } = head;
  let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${hostText === "" ? checkedHost(defaultHost) : hostText}\r\n`;
  text += head.fields;
  if (framing.kind === "length") text += `Content-Length: ${framing.length}\r\n`;
  else if (framing.kind === "chunked") text += "Transfer-Encoding: chunked\r\n";
  if (upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${upgrade.protocol}\r\n`;
  return `${text}${lines}\r\n`;
}

function checkedHost(host: string): string {
  if (parseHost(host) === null) throw new RangeError(`not a host: ${JSON.stringify(host)}`);
  return host;
}

/** Does the client's connection live on behind this response? Not when its end is the end of the connection. */
export function keepsConnection(framing: ResponseFraming, receiver: Receiver): boolean {
  if (framing.kind === "until-close") return false;
  return receiver.keepAlive && (framing.kind !== "chunked" || receiver.version === 11);
}

/**
 * A backend's final head (or 101) for the client, built anew. The body of a chunked response goes to an HTTP/1.0 client
 * without its chunk framing (ChunkPolicy "strip").
 * @param lines more field lines, each made by fieldLine()
 */
export function responseHeadText(head: ResponseHead, receiver: Receiver, lines = ""): string {
  const { status, framing, declaredLength } = head;
  let text = `HTTP/1.1 ${status} ${head.reason}\r\n${head.fields}${lines}`;
  if (head.upgraded) return `${text}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  if (framing.kind === "length") text += `Content-Length: ${framing.length}\r\n`;
  else if (framing.kind === "chunked")
    text += receiver.version === 11 ? "Transfer-Encoding: chunked\r\n" : "";
  else if (framing.kind === "none" && declaredLength !== null && status !== 204)
    text += `Content-Length: ${declaredLength}\r\n`;
  return `${text}${connectionLine(keepsConnection(framing, receiver), receiver.version)}\r\n`;
}

/** An interim head for a client of HTTP/1.1; one of HTTP/1.0 may not get it. */
export function interimHeadText(head: ResponseHead): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}\r\n`;
}

/**
 * The head of fence's own answer.
 * @param lines field lines, each made by fieldLine()
 * @param bodyBytes null for an answer that has no body by its status (204, 304)
 * @throws {RangeError} for a status outside 200..599, a reason that could break the line, a length that is none
 */
export function ownHeadText(
  status: number,
  reason: string,
  lines: string,
  bodyBytes: number | null,
  receiver: Receiver,
): string {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`not a status: ${status}`);
  if (reason !== "" && !isFieldValue(reason)) throw new RangeError(`not a reason: ${JSON.stringify(reason)}`);
  if (bodyBytes !== null && !(Number.isSafeInteger(bodyBytes) && bodyBytes >= 0))
    throw new RangeError(`not a length: ${bodyBytes}`);
  const length = bodyBytes === null ? "" : `Content-Length: ${bodyBytes}\r\n`;
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}${length}${connectionLine(receiver.keepAlive, receiver.version)}\r\n`;
}

function connectionLine(keep: boolean, version: Version): string {
  if (!keep) return "Connection: close\r\n";
  return version === 10 ? "Connection: keep-alive\r\n" : "";
}

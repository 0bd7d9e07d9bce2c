import { type Address, addressOf } from "./addresses.js";
import { CR, LF, latin1 } from "./bytes.js";
import { WIRE_LIMITS } from "../limits.js";

/** A header of the PROXY protocol (version 1 or 2 of HAProxy's specification), which comes before all else. */
export interface ProxyHeader {
  readonly kind: "proxy-header";
  /** The client, its address canonical; null: the peer speaks for itself (LOCAL, UNKNOWN, a unix socket). */
  readonly client: { readonly address: string; readonly port: number } | null;
  readonly headBytes: number;
}

export interface ProxyHeaderRefusal {
  readonly kind: "refusal";
  /** One sentence, for the log. */
  readonly text: string;
}

/** Section 2.1: the longest line there can be, its CRLF included. */
const LINE_BYTES_MAX = 107;
const LINE_START = "PROXY ";
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const FIXED_BYTES = 16;
const PORT = /^(?:0|[1-9][0-9]{0,4})$/;

/** Section 2.2: the low half of the byte after the signature. */
const LOCAL = 0;
const PROXY = 1;
/** Address families, and how long their two addresses and ports are. */
const FAMILY_BYTES: readonly number[] = [0, 12, 36, 216];
const INET = 1;
const INET6 = 2;
const DATAGRAM = 2;

/**
 * Reads the header at `start` strictly. What a header has behind its addresses (TLVs) is passed over.
 * @returns "incomplete" when it does not end before `end` and is right so far
 */
export function parseProxyHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
): ProxyHeader | ProxyHeaderRefusal | "incomplete" {
  if (end <= start) return "incomplete";
  const expected = bytes[start] === CR ? SIGNATURE : LINE_START;
  for (let index = 0; index < expected.length; index += 1) {
    if (start + index >= end) return "incomplete";
    if (bytes[start + index] !== expected.charCodeAt(index))
      return refusal("the connection does not begin with a PROXY header");
  }
  return expected === SIGNATURE ? readBinary(bytes, start, end) : readLine(bytes, start, end);
}

/** Version 1: `PROXY TCP4 192.0.2.7 192.0.2.1 51234 443` CRLF. */
function readLine(
  bytes: Uint8Array,
  start: number,
  end: number,
): ProxyHeader | ProxyHeaderRefusal | "incomplete" {
  const last = Math.min(end, start + LINE_BYTES_MAX);
  let at = start;
  while (at < last && bytes[at] !== LF) at += 1;
  if (at === last)
    return end - start < LINE_BYTES_MAX ? "incomplete" : refusal("the PROXY line is longer than 107 bytes");
  if (bytes[at - 1] !== CR) return refusal("the PROXY line does not end with CRLF");
  const headBytes = at + 1 - start;
  const [family, source = "", target = "", sourcePort = "", targetPort = "", ...rest] = latin1(
    bytes,
    start + LINE_START.length,
    at - 1,
  ).split(" ");
  if (family === "UNKNOWN") return header(null, headBytes);
  if (family !== "TCP4" && family !== "TCP6") return refusal("the PROXY line names no known family");
  const client = ofFamily(source, family) && addressOf(source);
  const isWhole = rest.length === 0 && isPort(sourcePort) && isPort(targetPort);
  if (!client || !isWhole || !ofFamily(target, family) || addressOf(target) === null)
    return refusal("the PROXY line is malformed");
  return header({ address: client.text, port: Number(sourcePort) }, headBytes);
}

/** Version 2: signature, version and command, family and transport, length, addresses, TLVs. */
function readBinary(
  bytes: Uint8Array,
  start: number,
  end: number,
): ProxyHeader | ProxyHeaderRefusal | "incomplete" {
  const [at, known] = [start + SIGNATURE.length, end - start];
  const versionAndCommand = bytes[at] as number;
  const command = versionAndCommand & 15;
  if (known > 12 && (versionAndCommand >> 4 !== 2 || command > PROXY))
    return refusal("the PROXY header is of no known version and command");
  const family = (bytes[at + 1] as number) >> 4;
  const transport = (bytes[at + 1] as number) & 15;
  if (known > 13 && (family >= FAMILY_BYTES.length || transport > DATAGRAM))
    return refusal("the PROXY header names no known family");
  if (known < FIXED_BYTES) return "incomplete";
  const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  if (length > WIRE_LIMITS.proxyHeaderBytesMax) return refusal("the PROXY header is too long");
  const isClients = command !== LOCAL && transport !== 0;
  if (isClients && transport === DATAGRAM) return refusal("the PROXY header is not of a stream");
  if (isClients && length < (FAMILY_BYTES[family] as number))
    return refusal("the PROXY header is too short for its addresses");
  if (known < FIXED_BYTES + length) return "incomplete";
  const client = isClients ? binaryClient(bytes, start + FIXED_BYTES, family) : null;
  return header(client, FIXED_BYTES + length);
}

function binaryClient(bytes: Uint8Array, at: number, family: number): ProxyHeader["client"] {
  const pair = (index: number): number => ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
  if (family === INET) return { address: bytes.subarray(at, at + 4).join("."), port: pair(at + 8) };
  if (family !== INET6) return null;
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((index) => pair(at + index).toString(16));
  const { text } = addressOf(groups.join(":")) as Address;
  return { address: text, port: pair(at + 32) };
}

function ofFamily(address: string, family: "TCP4" | "TCP6"): boolean {
  return address.includes(":") === (family === "TCP6");
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

function header(client: ProxyHeader["client"], headBytes: number): ProxyHeader {
  return { kind: "proxy-header", client, headBytes };
}

function refusal(text: string): ProxyHeaderRefusal {
  return { kind: "refusal", text };
}

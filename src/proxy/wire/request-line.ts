import { CR, LF, SP, TARGET, TOKEN } from "./bytes.js";
import type { WireLimits } from "../limits.js";
import { type Scan, type Stop, slice, stopAt, stopAtLineEnd } from "./scan.js";
import { type Target, parseTarget } from "./target.js";
import type { Version } from "./types.js";

export interface RequestLine extends Target {
  readonly method: string;
  readonly version: Version;
}

const VERSION = "HTTP/1.";

/** Reads `method SP target SP version CRLF` at `scan.at`, and moves `scan.at` behind it. */
export function readRequestLine(scan: Scan, limits: WireLimits): RequestLine | Stop {
  const { bytes, at: start } = scan;
  let at = start;
  while (TOKEN[bytes[at] as number] !== 0) at += 1;
  if (at - start > limits.methodBytesMax) return "method-too-long";
  if (bytes[at] !== SP || at === start)
    return bytes[at] === LF ? stopAtLineEnd(scan, at, "method") : stopAt(scan, at, "method");
  const method = slice(scan, start, at);
  const targetStart = at + 1;
  at = targetStart;
  let flags = 0;
  let flag = 0;
  while ((flag = TARGET[bytes[at] as number] as number) !== 0) {
    flags |= flag;
    at += 1;
  }
  if (at - targetStart > limits.targetBytesMax) return "target-too-long";
  if (bytes[at] !== SP || at === targetStart) return stopAtTarget(scan, at);
  const text = slice(scan, targetStart, at);
  const version = readVersion(scan, at + 1);
  if (typeof version === "string") return version;
  if (method === "CONNECT" || method === "TRACE") return "method-not-relayed";
  const target = parseTarget(method, text, flags);
  if (typeof target === "string") return target;
  return { method, target: target.target, path: target.path, host: target.host, version };
}

/** Reads `HTTP/1.x CRLF`. */
function readVersion(scan: Scan, start: number): Version | Stop {
  const { bytes } = scan;
  for (let index = 0; index < VERSION.length; index += 1)
    if (bytes[start + index] !== VERSION.charCodeAt(index)) return stopAtVersion(scan, start, start + index);
  const minor = (bytes[start + 7] as number) - 48;
  if (minor !== 0 && minor !== 1) return stopAtVersion(scan, start, start + 7);
  if (bytes[start + 8] !== CR || bytes[start + 9] !== LF)
    return stopAtLineEnd(scan, start + 8, "version-malformed");
  scan.at = start + 10;
  return minor === 1 ? 11 : 10;
}

/** A well-formed version that is not spoken is told from what is no version at all; both need the bytes up to there. */
function stopAtVersion(scan: Scan, start: number, at: number): Stop {
  if (at >= scan.end) return "truncated";
  if (at < start + 5) return "version-malformed";
  const { bytes } = scan;
  const shape = [isDigit, (byte: number): boolean => byte === 0x2e, isDigit];
  for (let index = 0; index < shape.length; index += 1) {
    if (start + 5 + index >= scan.end) return "truncated";
    if (!(shape[index] as (byte: number) => boolean)(bytes[start + 5 + index] as number))
      return "version-malformed";
  }
  return "version-unsupported";
}

function stopAtTarget(scan: Scan, at: number): Stop {
  if (at >= scan.end) return "truncated";
  const byte = scan.bytes[at];
  // a line without a version
  if (byte === CR || byte === LF)
    return stopAtLineEnd(scan, at, "target") === "bare-lf" ? "bare-lf" : "version-malformed";
  return "target";
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

import { isIPv6 } from "node:net";

/**
 * A slow request parser that is easy to see to be right: every rule is one line on whole strings. It reads one message
 * of latin1 text, and knows no incremental input.
 */

export type ReferenceFraming = "none" | "chunked" | number;

export interface ReferenceRequest {
  readonly method: string;
  readonly target: string;
  readonly version: 10 | 11;
  readonly fields: readonly (readonly [name: string, value: string, line: string])[];
  readonly framing: ReferenceFraming;
  /** where the body begins */
  readonly headLength: number;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/1\\.([01])$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)$`);
const HOST = /^(?:[A-Za-z0-9._~-]*[A-Za-z0-9_~-]\.?|\[([0-9A-Fa-f:.]+)\])(:[0-9]{0,5})?$/;

/** @returns null when it is to be refused or is not complete */
export function referenceRequest(text: string): ReferenceRequest | null {
  const start = text.startsWith("\r\n") ? 2 : 0;
  const end = text.indexOf("\r\n\r\n", start);
  if (end < 0 || end + 4 - start > 32_768) return null;
  const [first = "", ...lines] = text.slice(start, end).split("\r\n");
  const request = REQUEST_LINE.exec(first);
  if (request === null) return null;
  const [, method = "", target = "", minor] = request;
  const fields = lines.map((line) => FIELD_LINE.exec(line));
  if (fields.length > 100 || !fields.every((field) => field !== null)) return null;
  const named = fields.map(
    ([line, name = "", value = ""]) => [name.toLowerCase(), value.replace(/[ \t]+$/, ""), line] as const,
  );
  const version = minor === "1" ? 11 : 10;
  if (!targetIsRight(method, target) || !hostIsRight(named, version)) return null;
  const framing = framingOf(named, version);
  if (framing === null) return null;
  if (values(named, "expect").some((value) => value.toLowerCase() !== "100-continue")) return null;
  const options = values(named, "connection").flatMap((value) => value.split(","));
  if (!options.every((option) => new RegExp(`^[ \\t]*(${TOKEN})?[ \\t]*$`).test(option))) return null;
  return { method, target, version, fields: named, framing, headLength: end + 4 };
}

type Fields = ReferenceRequest["fields"];

function values(fields: Fields, name: string): string[] {
  return fields.filter(([known]) => known === name).map(([, value]) => value);
}

function targetIsRight(method: string, target: string): boolean {
  if (method.length > 32 || method === "CONNECT" || method === "TRACE" || target.length > 8192) return false;
  if (/["<>#]/.test(target)) return false;
  if (target === "*") return method === "OPTIONS";
  const absolute = /^https?:\/\/([^/?\\]+)(.*)$/i.exec(target);
  if (absolute !== null && !isHost(absolute[1] ?? "")) return false;
  const origin = absolute === null ? target : (absolute[2] ?? "");
  if (absolute === null && !origin.startsWith("/")) return false;
  const [path = ""] = origin.split("?");
  if (/\\|%00|%(?![0-9A-Fa-f]{2})/.test(path)) return false;
  let depth = 0;
  for (const segment of path.replace(/%2e/gi, ".").replace(/%2f/gi, "/").split("/")) {
    if (segment === "..") depth -= 1;
    else if (segment !== "" && segment !== ".") depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

function isHost(host: string): boolean {
  const match = HOST.exec(host);
  const literal = match?.[1];
  if (literal !== undefined && !isIPv6(literal)) return false;
  return match !== null && Number((match[2] ?? ":0").slice(1)) <= 65_535;
}

function hostIsRight(fields: Fields, version: 10 | 11): boolean {
  const hosts = values(fields, "host");
  return hosts.length === 0 ? version === 10 : hosts.length === 1 && isHost(hosts[0] ?? "");
}

function framingOf(fields: Fields, version: 10 | 11): ReferenceFraming | null {
  const lengths = values(fields, "content-length");
  const codings = values(fields, "transfer-encoding");
  if (lengths.length + codings.length > 1) return null;
  if (codings.length === 1) return version === 11 && /^chunked$/i.test(codings[0] ?? "") ? "chunked" : null;
  if (lengths.length === 0) return "none";
  return /^[0-9]{1,15}$/.test(lengths[0] ?? "") ? Number(lengths[0]) : null;
}

export interface ReferenceChunks {
  readonly data: string;
  /** up to and with the line of the last chunk, without extensions */
  readonly bare: string;
  /** where the body ends */
  readonly length: number;
}

/** Reads a chunked body. @returns null when it is malformed or not complete */
export function referenceChunks(text: string): ReferenceChunks | null {
  const quoted = '"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
  const extension = `[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${quoted}))?`;
  const sizeLine = new RegExp(`^([0-9A-Fa-f]{1,15})((?:${extension})*)$`);
  let at = 0;
  let data = "";
  let bare = "";
  for (;;) {
    const end = text.indexOf("\r\n", at);
    const match = end < 0 ? null : sizeLine.exec(text.slice(at, end));
    if (match === null || (match[2] ?? "").length > 256) return null;
    const size = parseInt(match[1] ?? "", 16);
    at = end + 2;
    bare += `${match[1] ?? ""}\r\n`;
    if (size === 0) break;
    if (size > text.length || text.slice(at + size, at + size + 2) !== "\r\n") return null;
    data += text.slice(at, at + size);
    bare += text.slice(at, at + size + 2);
    at += size + 2;
  }
  for (;;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return null;
    if (end === at) return { data, bare, length: end + 2 };
    if (!FIELD_LINE.test(text.slice(at, end))) return null;
    at = end + 2;
  }
}

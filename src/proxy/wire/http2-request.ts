import { isToken } from "./bytes.js";
import { parseHost } from "./host.js";

/** A request of HTTP/2 in the words of HTTP/1.1. */
export interface Http2Request {
  readonly kind: "request";
  readonly method: string;
  /** Head with its empty line: one character a byte, for the one strict parser to read. */
  readonly text: string;
  /** How its body goes on: bytes as they are, or in chunks. */
  readonly framing: "none" | "length" | "chunked";
  /** Of the body, when the client has told. */
  readonly length: number | null;
}

/** Why a head is malformed: the stream is to be reset. */
export interface Http2Refusal {
  readonly kind: "refusal";
  /** One sentence, for the log. */
  readonly text: string;
}

/** RFC 9113 section 8.2.2: they are of one connection, which is not HTTP/1.1's. */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const PSEUDO_FIELDS: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":path"]);
const LENGTH = /^[0-9]{1,15}$/;
/** What must not be in a value: RFC 9113 section 8.2.1, and what the HTTP/1.1 parser would refuse. */
const UNSAFE_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]|^[ \t]|[ \t]$/;
const PATH = /^[\x21-\x7e]+$/;
/** Backends ask for a length where a body is common (RFC 9110 section 8.6). */
const LENGTH_WANTED: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** The fields of one head as they come. */
class Fields {
  readonly pseudo = new Map<string, string>();
  /** Lines to hand on. */
  lines = "";
  host: string | null = null;
  length: string | null = null;
  private cookie: string | null = null;
  private hasRegular = false;

  /** @returns why the head is malformed; null: it is not */
  take(name: string, value: string): string | null {
    if (UNSAFE_VALUE.test(value)) return "a field value has characters that it may not have";
    if (name.startsWith(":")) return this.takePseudo(name, value);
    this.hasRegular = true;
    if (!isToken(name) || name !== name.toLowerCase())
      return "a field name has characters that it may not have";
    if (CONNECTION_FIELDS.has(name)) return `the field ${name} is of HTTP/1.1 alone`;
    if (name === "te") return value.toLowerCase() === "trailers" ? null : "te says other than trailers";
    if (name === "host") return this.once("host", value);
    if (name === "content-length")
      return LENGTH.test(value) ? this.once("length", value) : "content-length is none";
    // RFC 9113 section 8.2.3: they may come in crumbs, and are one line elsewhere.
    if (name === "cookie") this.cookie = this.cookie === null ? value : `${this.cookie}; ${value}`;
    else this.lines += `${name}: ${value}\r\n`;
    return null;
  }

  get text(): string {
    return this.cookie === null ? this.lines : `${this.lines}cookie: ${this.cookie}\r\n`;
  }

  private takePseudo(name: string, value: string): string | null {
    if (this.hasRegular) return `${name} comes after a field`;
    if (!PSEUDO_FIELDS.has(name)) return `${name} means nothing here`;
    if (this.pseudo.has(name)) return `${name} comes twice`;
    this.pseudo.set(name, value);
    return null;
  }

  private once(name: "host" | "length", value: string): string | null {
    if (this[name] !== null) return `${name} comes twice`;
    this[name] = value;
    return null;
  }
}

/**
 * Turns the head of a stream into the text of an HTTP/1.1 request that ends its connection. Strict: RFC 9113 section
 * 8.3.1; whatever could be read otherwise as text is refused, so that no value can become a line.
 * @param raw names and values in turn, as received
 * @param hasBody DATA may follow
 */
export function http2Request(raw: readonly string[], hasBody: boolean): Http2Request | Http2Refusal {
  const fields = new Fields();
  for (let index = 0; index < raw.length; index += 2) {
    const problem = fields.take(raw[index] as string, raw[index + 1] as string);
    if (problem !== null) return refusal(problem);
  }
  const method = fields.pseudo.get(":method") ?? "";
  if (!isToken(method)) return refusal(":method is missing or malformed");
  const target = targetOf(method, fields);
  if (typeof target !== "string") return target;
  const host = hostOf(fields);
  if (typeof host !== "string") return host;
  const { framing, line, length } = framingOf(method, fields.length, hasBody);
  if (!hasBody && length !== null && length !== 0) return refusal("content-length is not that of the body");
  const text = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${fields.text}${line}connection: close\r\n\r\n`;
  return { kind: "request", method, text, framing, length };
}

function targetOf(method: string, { pseudo }: Fields): string | Http2Refusal {
  // The parser behind this one knows CONNECT, and says no.
  if (method === "CONNECT") return pseudo.get(":authority") ?? refusal(":authority is missing");
  const scheme = pseudo.get(":scheme");
  if (scheme !== "https" && scheme !== "http") return refusal(":scheme is missing or unknown");
  const path = pseudo.get(":path") ?? "";
  // An absolute URL would name a host of its own.
  const isOrigin = path.startsWith("/") || (path === "*" && method === "OPTIONS");
  return isOrigin && PATH.test(path) ? path : refusal(":path is missing or malformed");
}

function hostOf({ pseudo, host }: Fields): string | Http2Refusal {
  const authority = pseudo.get(":authority");
  if (authority === undefined) return host ?? refusal("neither :authority nor host");
  if (parseHost(authority) === null) return refusal(":authority is malformed");
  if (host !== null && host.toLowerCase() !== authority.toLowerCase())
    return refusal(":authority and host do not agree");
  return authority;
}

function framingOf(
  method: string,
  declared: string | null,
  hasBody: boolean,
): { framing: Http2Request["framing"]; line: string; length: number | null } {
  if (declared !== null)
    return {
      framing: hasBody ? "length" : "none",
      line: `content-length: ${declared}\r\n`,
      length: Number(declared),
    };
  if (hasBody) return { framing: "chunked", line: "transfer-encoding: chunked\r\n", length: null };
  return { framing: "none", line: LENGTH_WANTED.has(method) ? "content-length: 0\r\n" : "", length: null };
}

function refusal(text: string): Http2Refusal {
  return { kind: "refusal", text };
}

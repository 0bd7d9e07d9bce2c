import type { RequestHead } from "../wire/types.js";
import type { CgiUpstream } from "./cgi-upstream.js";
import type { Script } from "./script-path.js";

/** What of a connection the variables tell. */
export interface Origin {
  /** The client, through trusted proxies. */
  readonly address: string;
  /** Of the client; null when a proxy stands between. */
  readonly port: number | null;
  readonly serverAddress: string | null;
  readonly serverPort: string;
  readonly scheme: "http" | "https";
}

/** Names that were seen, so that each costs its letters only once; beyond so many they are made each time. */
const names = new Map<string, string | null>();
const NAMES_MAX = 1024;

/**
 * The variable that a field becomes: RFC 3875 section 4.1.18. Only names that no other name can become are taken, so
 * that nobody speaks with two voices; `Proxy` would become the HTTP_PROXY of many libraries.
 * @returns null: it becomes none
 */
function variableOf(name: string): string | null {
  let variable = names.get(name);
  if (variable === undefined) {
    variable = madeVariable(name);
    if (names.size < NAMES_MAX) names.set(name, variable);
  }
  return variable;
}

function madeVariable(name: string): string | null {
  if (!/^[A-Za-z0-9-]+$/.test(name)) return null;
  const upper = name.toUpperCase().replaceAll("-", "_");
  if (upper === "CONTENT_TYPE") return upper;
  return upper === "PROXY" || upper === "CONTENT_LENGTH" ? null : `HTTP_${upper}`;
}

/**
 * The variables of a request itself, encoded. As with all others, one that the spec has of the same name stands for it,
 * and no client sets any but CONTENT_TYPE and HTTP_*.
 * @param bodyBytes null: there is no body
 */
export function requestVariables(
  upstream: CgiUpstream,
  request: RequestHead,
  script: Script,
  bodyBytes: number | null,
): string {
  const { target, host, hostText } = request;
  const query = target.indexOf("?");
  let text =
    one(upstream, "QUERY_STRING", query === -1 ? "" : target.slice(query + 1)) +
    one(upstream, "REQUEST_METHOD", request.method) +
    one(upstream, "REQUEST_URI", target) +
    one(upstream, "SCRIPT_NAME", script.name) +
    one(upstream, "DOCUMENT_URI", script.name + script.info) +
    one(upstream, "SERVER_PROTOCOL", request.version === 11 ? "HTTP/1.1" : "HTTP/1.0") +
    one(upstream, "SERVER_NAME", host === "" ? "localhost" : host);
  if (script.file !== null) text += one(upstream, "SCRIPT_FILENAME", script.file);
  if (script.file === null || script.info !== "") text += one(upstream, "PATH_INFO", script.info);
  if (hostText !== "") text += one(upstream, "HTTP_HOST", hostText);
  if (bodyBytes !== null && upstream.tellsLength) text += one(upstream, "CONTENT_LENGTH", String(bodyBytes));
  return text;
}

/** The variables of where a request comes from. */
export function originVariables(upstream: CgiUpstream, origin: Origin): string {
  const { address, port, serverAddress, serverPort, scheme } = origin;
  return (
    one(upstream, "REQUEST_SCHEME", scheme) +
    (scheme === "https" ? one(upstream, "HTTPS", "on") : "") +
    one(upstream, "REMOTE_ADDR", address) +
    (port === null ? "" : one(upstream, "REMOTE_PORT", String(port))) +
    (serverAddress === null ? "" : one(upstream, "SERVER_ADDR", serverAddress)) +
    one(upstream, "SERVER_PORT", serverPort)
  );
}

function one({ overridden, codec }: CgiUpstream, name: string, value: string): string {
  return overridden !== null && overridden.has(name) ? "" : codec.pair(name, value);
}

/**
 * The variables of checked field lines. Several fields of one name are one variable: cookies joined with "; " (RFC 9113
 * section 8.2.3), others with ", ".
 */
export function fieldVariables(upstream: CgiUpstream, fields: string): string {
  const found: string[] = [];
  const values: string[] = [];
  for (let start = 0; start < fields.length;) {
    const end = fields.indexOf("\r\n", start);
    const colon = fields.indexOf(":", start);
    const variable = variableOf(fields.slice(start, colon));
    const value = trimmed(fields, colon + 1, end);
    start = end + 2;
    if (variable === null) continue;
    const before = found.indexOf(variable);
    if (before === -1) {
      found.push(variable);
      values.push(value);
    } else values[before] += (variable === "HTTP_COOKIE" ? "; " : ", ") + value;
  }
  let text = "";
  for (let index = 0; index < found.length; index += 1)
    text += one(upstream, found[index] as string, values[index] as string);
  return text;
}

/** Without the spaces and tabs at both ends; `trim` would take bytes of UTF-8 for spaces, too. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from += 1;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

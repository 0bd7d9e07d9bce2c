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
 * The variables of a request, encoded: what is the same for all requests first, the spec's own last. A variable of the
 * spec stands for the one of the same name. No client sets any but CONTENT_TYPE and HTTP_*.
 * @param fields checked field lines
 * @param bodyBytes null: there is no body
 */
export function variablesText(
  upstream: CgiUpstream,
  request: RequestHead,
  fields: string,
  script: Script,
  origin: Origin,
  bodyBytes: number | null,
): string {
  const { overridden, codec } = upstream;
  let text = upstream.fixed;
  const add = (name: string, value: string): void => {
    if (overridden === null || !overridden.has(name)) text += codec.pair(name, value);
  };
  const { target } = request;
  const query = target.indexOf("?");
  add("QUERY_STRING", query === -1 ? "" : target.slice(query + 1));
  add("REQUEST_METHOD", request.method);
  add("REQUEST_URI", target);
  add("SCRIPT_NAME", script.name);
  add("DOCUMENT_URI", script.name + script.info);
  if (script.file !== null) add("SCRIPT_FILENAME", script.file);
  if (script.file === null || script.info !== "") add("PATH_INFO", script.info);
  add("SERVER_PROTOCOL", request.version === 11 ? "HTTP/1.1" : "HTTP/1.0");
  add("REQUEST_SCHEME", origin.scheme);
  if (origin.scheme === "https") add("HTTPS", "on");
  add("REMOTE_ADDR", origin.address);
  if (origin.port !== null) add("REMOTE_PORT", String(origin.port));
  if (origin.serverAddress !== null) add("SERVER_ADDR", origin.serverAddress);
  add("SERVER_PORT", origin.serverPort);
  add("SERVER_NAME", request.host === "" ? (origin.serverAddress ?? "localhost") : request.host);
  if (request.hostText !== "") add("HTTP_HOST", request.hostText);
  if (bodyBytes !== null && upstream.tellsLength) add("CONTENT_LENGTH", String(bodyBytes));
  addFields(fields, add);
  return text + upstream.extra;
}

/** Several fields of one name are one variable: cookies joined with "; " (RFC 9113 section 8.2.3), others with ", ". */
function addFields(fields: string, add: (name: string, value: string) => void): void {
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
  for (let index = 0; index < found.length; index += 1) add(found[index] as string, values[index] as string);
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

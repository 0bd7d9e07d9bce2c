import { normalisedPath } from "../../spec/normalised-path.js";
import { type Host, parseHost } from "./host.js";
import type { RefusalReason } from "./refusals.js";

/** A request target, resolved. */
export interface Target {
  /** origin-form, or `*` */
  readonly target: string;
  /** decoded, normalised, without query */
  readonly path: string;
  /** of the absolute-form, which outranks the Host field */
  readonly host: Host | null;
}

/** Reads a target whose characters were checked. `flags` are those of the TARGET table, of all its bytes together. */
export function parseTarget(method: string, text: string, flags: number): Target | RefusalReason {
  if (text.charCodeAt(0) !== 0x2f) return parseOtherForm(method, text, flags);
  const path = routingPath(text, flags);
  return path.charCodeAt(0) === 0x2f ? { target: text, path, host: null } : (path as RefusalReason);
}

/** asterisk-form and absolute-form: RFC 9112 sections 3.2.2 and 3.2.4. Authority-form is for CONNECT alone. */
function parseOtherForm(method: string, text: string, flags: number): Target | RefusalReason {
  if (text === "*") return method === "OPTIONS" ? { target: "*", path: "*", host: null } : "target-form";
  const match = /^https?:\/\/([^/?\\]+)(.*)$/i.exec(text);
  const [, authority, rest] = match ?? [];
  if (authority === undefined || rest === undefined) return "target-form";
  if (authority.includes("@")) return "target-userinfo";
  const host = parseHost(authority);
  if (host === null) return "host";
  if (rest === "" && method === "OPTIONS") return { target: "*", path: "*", host };
  const origin = parseTarget(method, rest.startsWith("/") ? rest : `/${rest}`, flags);
  return typeof origin === "string" ? origin : { ...origin, host };
}

/** The path as routes and exceptions compare it, or why it is refused (which never begins with a slash). */
function routingPath(text: string, flags: number): string {
  let path = text;
  if ((flags & 4) !== 0) {
    const query = text.indexOf("?");
    path = query < 0 ? text : text.slice(0, query);
  }
  // some backends take it for a slash
  if ((flags & 8) !== 0 && path.includes("\\")) return "target" satisfies RefusalReason;
  if ((flags & 2) !== 0 && path.includes("%")) {
    const decoded = decodePath(path);
    if (decoded.charCodeAt(0) !== 0x2f) return decoded;
    path = decoded;
  }
  return normalisedPath(path) ?? ("path-above-root" satisfies RefusalReason);
}

/** Decodes once, as UTF-8; what is not UTF-8 becomes U+FFFD, which no route has. */
function decodePath(path: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return "path-encoding" satisfies RefusalReason;
  if (path.includes("%00")) return "path-nul" satisfies RefusalReason;
  const bytes = path.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

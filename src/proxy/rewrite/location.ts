import type { Mapping } from "../../spec/types.js";
import { mappedPath } from "./path-mapping.js";

/** A mapping, taken apart once. */
export interface LocationMapping {
  /** As originOf() tells it; null: of the same host, whichever that is. */
  readonly origin: string | null;
  /** Begins with `/`; empty: all there is. */
  readonly path: string;
  readonly to: string;
}

const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i;
/** Browsers take a backslash for a slash and pass over tabs and spaces: such a text is none to be certain about. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e\x80-\xff]+$/;

export function locationMappingOf({ from, to }: Mapping): LocationMapping {
  const [, scheme, authority, path] = ABSOLUTE.exec(from) ?? [];
  if (scheme === undefined || authority === undefined) return { origin: null, path: from, to };
  return { origin: originOf(scheme, authority), path: path ?? "", to };
}

/**
 * The Location that the client is told. Only a URL of exactly the scheme, host and port of a mapping is told otherwise,
 * and a path only by a mapping of a path: user names, other hosts, `//host` and relative paths stay as they are, and so
 * does what would come to begin with `//`, which is another host.
 * @param value one character a byte
 */
export function mappedLocation(mappings: readonly LocationMapping[], value: string): string {
  if (!PLAIN.test(value)) return value;
  const [, scheme, authority, rest] = ABSOLUTE.exec(value) ?? [];
  let origin: string | null = null;
  let text = value;
  if (scheme !== undefined && authority !== undefined && rest !== undefined) {
    origin = originOf(scheme, authority);
    if (origin === null) return value;
    text = rest;
  } else if (!value.startsWith("/") || value.startsWith("//")) return value;
  for (const mapping of mappings) {
    if (mapping.origin !== origin) continue;
    // A host alone is the same as its root.
    const whole = mapping.path === "" || text.startsWith("/") ? text : `/${text}`;
    const mapped = mappedPath(mapping.path, mapping.to, whole);
    if (mapped !== null) return mapped.startsWith("//") ? value : mapped;
  }
  return value;
}

/** Scheme, host and port in one form: lower case, the port always there. @returns null: a user name, or no host */
function originOf(scheme: string, authority: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:@[\]]+)(?::([0-9]{0,5}))?$/i.exec(authority);
  const [, host, port = ""] = match ?? [];
  if (host === undefined) return null;
  const lower = scheme.toLowerCase();
  const number = port === "" ? (lower === "https" ? 443 : 80) : Number(port);
  return `${lower}://${host.toLowerCase()}:${number}`;
}

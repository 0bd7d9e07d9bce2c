import type { Mapping } from "../../spec/types.js";
import { mappedPath } from "./path-mapping.js";

/**
 * A Set-Cookie with its Domain and Path told as the client knows them. It is taken apart as clients do (RFC 6265 section
 * 5.2): at every semicolon, quoted or not; what comes before the first one is the cookie and stays as it is. A cookie of
 * the `__Host-` kind is left alone, for it has no Domain and no Path but `/`.
 * @param domains exact names, lower case, no dot in front; `to` may be empty: the attribute is dropped
 */
export function mappedCookie(domains: readonly Mapping[], paths: readonly Mapping[], value: string): string {
  const [pair = "", ...attributes] = value.split(";");
  if (/^[ \t]*__host-/i.test(pair)) return value;
  const kept = attributes.map((attribute) => {
    const equals = attribute.indexOf("=");
    if (equals === -1) return attribute;
    const name = trimmed(attribute.slice(0, equals)).toLowerCase();
    if (name !== "domain" && name !== "path") return attribute;
    const told = unquoted(trimmed(attribute.slice(equals + 1)));
    const mapped = name === "domain" ? mappedDomain(domains, told) : mappedCookiePath(paths, told);
    if (mapped === null) return attribute;
    return mapped === "" ? null : `${attribute.slice(0, equals)}=${mapped}`;
  });
  return [pair, ...kept.filter((attribute) => attribute !== null)].join(";");
}

/** @returns null: it stays; "": it goes */
function mappedDomain(domains: readonly Mapping[], told: string): string | null {
  const name = told.replace(/^\./, "").toLowerCase();
  return domains.find(({ from }) => from === name)?.to ?? null;
}

function mappedCookiePath(paths: readonly Mapping[], told: string): string | null {
  for (const { from, to } of paths) {
    const mapped = mappedPath(from, to, told);
    if (mapped !== null) return mapped;
  }
  return null;
}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

/** No client takes quotes off here; older servers put them on. */
function unquoted(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

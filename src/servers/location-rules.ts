import type { Mapping } from "../spec/types.js";

/**
 * One step of a mapping, for servers that compare by regular expressions (PCRE): what fits all parts one after the other
 * becomes `to` and what the rest took. Steps are tried in their order, and the first that fits counts.
 */
export interface MappingStep {
  /** A regular expression before the path: the scheme, host and port, or that there are none. */
  origin: string;
  /** Compared as it is. */
  path: string;
  /** A regular expression for what lies between the path and the rest. */
  border: string;
  /** A regular expression for all that is left. */
  rest: string;
  /** null: it stays as it is. */
  to: string | null;
}

/** Browsers take a backslash for a slash and pass over tabs and spaces: such a text is none to be certain about. */
const PLAIN = "(?=[\\x21-\\x5b\\x5d-\\x7e\\x80-\\xff]*+\\z)";
/** Nothing, a query or a fragment. */
const END = "(?:[?#].*)?";

/**
 * The steps of `rewrite.location`, as the built-in proxy maps: an origin is compared as URLs are, a path on borders of
 * segments, where the two parts meet there is one slash, and nothing becomes `//host`.
 */
export function locationSteps(mappings: readonly Mapping[]): MappingStep[] {
  return mappings.flatMap(({ from, to }) => {
    const parts = partsOf(from);
    if (parts === null) return pathSteps(`${PLAIN}(?!//)`, from, to);
    const { scheme, host, port, path } = parts;
    const origin = PLAIN + originPattern(scheme, host, port);
    // A host alone is the same as its root.
    if (path === "/") return pathSteps(`${origin}/?+`, "", to, true);
    return pathSteps(origin, path, to);
  });
}

/** The steps of `rewrite.cookie_path`, with the same borders. */
export function cookiePathSteps(mappings: readonly Mapping[]): MappingStep[] {
  return mappings.flatMap(({ from, to }) => pathSteps("", from, to).filter((step) => step.to !== null));
}

/** A mapping with its origin in one form, `http://host:80`, for servers that take a Location apart by themselves. */
export interface LocationOrigin {
  /** Empty: `from` is a path. */
  origin: string;
  path: string;
  to: string;
}

export function locationOrigins(mappings: readonly Mapping[]): LocationOrigin[] {
  return mappings.map(({ from, to }) => {
    const { scheme, host, port, path } = partsOf(from) ?? {};
    if (scheme === undefined || host === undefined) return { origin: "", path: from, to };
    return { origin: `${scheme}://${host.toLowerCase()}:${port}`, path: path ?? "", to };
  });
}

/** @returns null: a path */
function partsOf(url: string): { scheme: string; host: string; port: number; path: string } | null {
  const [, scheme, host, port, path = ""] =
    /^(https?):\/\/(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?(.*)$/i.exec(url) ?? [];
  if (scheme === undefined || host === undefined) return null;
  const lower = scheme.toLowerCase();
  return {
    scheme: lower,
    host,
    port: port === undefined || port === "" ? ownPort(lower) : Number(port),
    path,
  };
}

function ownPort(scheme: string): number {
  return scheme === "https" ? 443 : 80;
}

/** @param isRoot the slash of the root is part of what lies before */
function pathSteps(origin: string, from: string, to: string, isRoot = false): MappingStep[] {
  const base = to.endsWith("/") ? to.slice(0, -1) : to;
  const step = (path: string, border: string, rest: string, result: string | null): MappingStep => ({
    origin,
    path,
    border,
    rest,
    to: result,
  });
  const isFolder = from.endsWith("/") || isRoot;
  const slash = isFolder ? "(?![?#]|\\z)/?+" : "/";
  return [
    step(from, "", END, to),
    // It would name another host.
    ...(base === "" ? [step(from, `${slash}/`, ".*", null)] : []),
    step(from, slash, ".*", `${base}/`),
    ...(isFolder && !isRoot && from !== "/"
      ? [step(from.slice(0, -1), "", END, base === "" ? "/" : base)]
      : []),
  ];
}

/** Scheme and host in any case, the scheme's own port told or not. */
function originPattern(scheme: string, host: string, port: number): string {
  const digits = `0{0,4}${port}`;
  const told = port === ownPort(scheme) ? `(?::(?:${digits})?)?` : `:${digits}`;
  const literal = host.replace(
    /[^A-Za-z0-9]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `(?i:${scheme}://${literal})${told}(?![^/?#])`;
}

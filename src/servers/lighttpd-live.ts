import { upstreamNamesOf } from "../spec/route-of.js";
import type { Site, Spec, Upstream } from "../spec/types.js";
import { FORWARDED_FIELDS } from "./forwarded-fields.js";
import { GATE_MARK } from "./gate-doors.js";
import { ident } from "./ident.js";
import { locationOrigins } from "./location-rules.js";

type Values = Readonly<Record<string, unknown>>;

/** Fields of the connection to the client that lighttpd passes on by itself. */
const OF_THE_CONNECTION = ["Keep-Alive"];
/** Each doubles the names. */
const HYPHENS_MAX = 4;

/** lighttpd's names of what shares requests out; null: it has none. */
export function balanceName({ balance, hashBy }: Upstream): string | null {
  if (balance === "random" || (balance === "hash" && hashBy.by !== "uri")) return null;
  return balance;
}

/** All that requests of a site may go to, the site's own first. */
export function upstreamsOf(spec: Spec, site: Site): Upstream[] {
  return upstreamNamesOf(site).flatMap((name) => spec.upstreams.filter((one) => one.name === name));
}

/** What counts for all requests of one site that reach backends; null: none does. */
export function liveValues(spec: Spec, site: Site): Values | null {
  const upstreams = upstreamsOf(spec, site);
  if (upstreams.length === 0) return null;
  const { request } = site.rewrite;
  const named = [...FORWARDED_FIELDS, ...request.remove, ...request.set.map(({ name }) => name)];
  const rules = [
    ...[GATE_MARK.field, ...OF_THE_CONNECTION].map((name) => ({ name, value: "" })),
    ...namesakes(named).map((name) => ({ name, value: "" })),
    ...request.remove.map((name) => ({ name, value: "" })),
    ...request.set.map(({ name, value }) => ({ name, value })),
  ];
  return {
    http: upstreams.some(({ protocol }) => protocol === "http"),
    dropped: [...FORWARDED_FIELDS.map((name) => ({ name, value: "" })), ...rules],
    rules,
    trusted: site.exceptions.trustedProxies.map(({ text }) => text),
    compress: site.compress && { encodings: site.compress.encodings, minBytes: site.compress.minBytes },
  };
}

/** A trusted proxy says by which scheme clients of the site have come. */
export function believesScheme(spec: Spec, site: Site): boolean {
  return site.exceptions.trustedProxies.length > 0 && upstreamsOf(spec, site).length > 0;
}

/**
 * Other names of fields that applications take for the same one: for many an underscore is a hyphen. What is not believed,
 * set or taken out by one name is not to come by another. Names with more hyphens than anybody has are left alone.
 */
function namesakes(names: readonly string[]): string[] {
  const all = names.flatMap((name) => {
    const [first = "", ...parts] = name.split("-");
    if (parts.length > HYPHENS_MAX) return [];
    return parts.reduce(
      (heads, part) => heads.flatMap((head) => [`${head}-${part}`, `${head}_${part}`]),
      [first],
    );
  });
  // lighttpd takes names that differ in case alone for one, and one that is given twice for an error.
  const byLower = new Map(all.map((name) => [name.toLowerCase(), name]));
  for (const name of names) byLower.delete(name.toLowerCase());
  return [...byLower.values()];
}

/** Some requests of the site are variables of CGI to who gets them. */
export function asksCgi(spec: Spec, site: Site): boolean {
  return upstreamsOf(spec, site).some(({ cgi }) => cgi !== null);
}

/** uwsgi is a protocol of mod_scgi. */
export function moduleOf(protocol: Upstream["protocol"]): string {
  return protocol === "http" ? "proxy" : protocol === "fastcgi" ? "fastcgi" : "scgi";
}

/** What begins the names of the settings by which requests of these sites reach backends. */
export function servingModules(spec: Spec, sites: readonly Site[]): string[] {
  const modules = sites.flatMap((site) => upstreamsOf(spec, site).map(({ protocol }) => moduleOf(protocol)));
  return [...new Set(modules)].sort();
}

/** Folders whose files a backend may have sent. */
export function sendfileRoots({ sendfile }: Site): string[] {
  return (sendfile?.roots ?? []).map((root) => `${root}/`);
}

/** The site's answers pass a script. */
export function isRewritten(site: Site): boolean {
  const { response, location, cookieDomain, cookiePath } = site.rewrite;
  const rules = [response.set, response.remove, location, cookieDomain, cookiePath];
  return upstreamNamesOf(site).length > 0 && rules.some((list) => list.length > 0);
}

export function rewriteName(site: Site): string {
  return `${site.name}.rewrite.lua`;
}

export function rewriteValues(site: Site): Values {
  const { response, location, cookieDomain, cookiePath } = site.rewrite;
  return {
    name: ident(site.name),
    maps: location.length > 0 || cookiePath.length > 0 || cookieDomain.length > 0,
    locations: locationOrigins(location),
    cookies: cookieDomain.length > 0 || cookiePath.length > 0,
    domains: cookieDomain,
    paths: cookiePath,
    remove: response.remove,
    set: response.set,
  };
}

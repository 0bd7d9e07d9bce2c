import { parseDuration } from "../base/duration.js";
import { DEFAULTS } from "../spec/defaults.js";
import { upstreamNamesOf } from "../spec/route-of.js";
import type { HeaderRules, Server, ServerKind, Site, Spec, Upstream } from "../spec/types.js";
import type { Limit } from "./adapter.js";
import { sitesOf } from "./sites.js";

/** A key of the spec that not every kind follows, and when a spec says anything by it. */
type Rules<T> = Readonly<Record<string, (value: T) => boolean>>;

const UPSTREAM_RULES: Rules<Upstream> = {
  protocol: ({ protocol }) => protocol !== DEFAULTS["upstream.protocol"].value,
  balance: ({ balance }) => balance !== DEFAULTS["upstream.balance"].value,
  // Backends that weigh the same share as those without a weight do.
  "backends.weight": ({ backends }) => backends.some(({ weight }) => weight !== backends[0]?.weight),
  max_connections: ({ connectionsMax }) => connectionsMax !== null,
  fail_timeout: ({ restMs }) => restMs !== ms(DEFAULTS["upstream.fail_timeout"].value),
  connect_timeout: ({ connectTimeoutMs }) =>
    connectTimeoutMs !== ms(DEFAULTS["upstream.connect_timeout"].value),
  read_timeout: ({ readTimeoutMs }) => readTimeoutMs !== ms(DEFAULTS["upstream.read_timeout"].value),
  send_timeout: ({ sendTimeoutMs }) => sendTimeoutMs !== ms(DEFAULTS["upstream.send_timeout"].value),
  health: ({ health }) => health !== null,
};

const SITE_RULES: Rules<Site> = {
  "rewrite.request": ({ rewrite }) => hasRules(rewrite.request),
  "rewrite.response": ({ rewrite }) => hasRules(rewrite.response),
  "rewrite.location": ({ rewrite }) => rewrite.location.length > 0,
  "rewrite.cookie_domain": ({ rewrite }) => rewrite.cookieDomain.length > 0,
  "rewrite.cookie_path": ({ rewrite }) => rewrite.cookiePath.length > 0,
  sendfile: ({ sendfile }) => sendfile !== null,
  compress: ({ compress }) => compress !== null,
  "route.upstream": ({ upstreamRoutes }) => upstreamRoutes.length > 0,
  "route.precompressed": ({ routes }) => routes.some(({ precompressed }) => precompressed),
};

const NGINX: readonly ServerKind[] = ["nginx", "nginx-lua"];
const ALL: readonly ServerKind[] = ["lighttpd", ...NGINX];

/** Kinds beside the proxy that a key is rendered for; where a kind does so in part, its own limits tell the rest. */
const FOLLOWERS: Readonly<Record<string, readonly ServerKind[]>> = {
  protocol: ALL,
  balance: ALL,
  "backends.weight": NGINX,
  max_connections: NGINX,
  fail_timeout: ALL,
  connect_timeout: ALL,
  read_timeout: ALL,
  send_timeout: ALL,
  "rewrite.request": ALL,
  "rewrite.response": ALL,
  "rewrite.location": ALL,
  "rewrite.cookie_domain": ALL,
  "rewrite.cookie_path": ALL,
  sendfile: ALL,
  compress: ALL,
  "route.upstream": ALL,
  "route.precompressed": NGINX,
};

/**
 * Refuses what this kind of server cannot do where the spec asks for it on this server. Upstreams of a config of the
 * user's own are the user's own, and so is what is done to their answers: there fence writes nothing that could follow.
 */
export function refuseProxyOnly(spec: Spec, server: Server): Limit[] {
  const sites = sitesOf(spec, server);
  const asked = <T>(rules: Rules<T>, value: T): string[] =>
    Object.keys(rules).filter((key) => !isFollowed(key, server) && rules[key]?.(value) === true);
  const refuse = (site: string, key: string, table: string): Limit => ({
    level: "refuse",
    site,
    sentence: `${key} of [${table}] ${hint(key, server)}`,
  });
  const ofUpstreams = spec.upstreams.flatMap((upstream) => {
    const user = sites.find((site) => upstreamNamesOf(site).includes(upstream.name));
    if (user === undefined || server.config === "include") return [];
    return asked(UPSTREAM_RULES, upstream).map((key) => refuse(user.name, key, `upstream.${upstream.name}`));
  });
  const ofSites = sites.flatMap((site) =>
    asked(SITE_RULES, site).map((key) => refuse(site.name, key, `site.${site.name}`)),
  );
  return [...ofUpstreams, ...ofSites];
}

function isFollowed(key: string, { config, kind }: Server): boolean {
  return config === "standalone" && (FOLLOWERS[key] ?? []).includes(kind);
}

function hint(key: string, { config, kind }: Server): string {
  const kinds = [...(FOLLOWERS[key] ?? []), "proxy"];
  if (config === "include" && kinds.includes(kind))
    return "is not written for a config of your own; write it there and remove it here, or let fence write the config.";
  return `is not for kind "${kind}"; serve the site by kind ${listed(kinds)}, or remove it.`;
}

/** `a`, `a or b`, `a, b or c`. */
function listed(kinds: readonly string[]): string {
  const [last = "", ...others] = kinds.map((kind) => `"${kind}"`).reverse();
  return others.length === 0 ? last : `${others.reverse().join(", ")} or ${last}`;
}

function hasRules({ set, remove }: HeaderRules): boolean {
  return set.length > 0 || remove.length > 0;
}

function ms(duration: string): number {
  return parseDuration(duration) ?? 0;
}

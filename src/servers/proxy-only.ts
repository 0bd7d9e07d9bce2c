import { parseDuration } from "../base/duration.js";
import { DEFAULTS } from "../spec/defaults.js";
import type { HeaderRules, Server, Site, Spec, Upstream } from "../spec/types.js";
import type { Limit } from "./adapter.js";
import { sitesOf } from "./sites.js";

/** A key of the spec that the built-in proxy follows, and when a spec says anything by it. */
type Rules<T> = Readonly<Record<string, (value: T) => boolean>>;

const UPSTREAM_RULES: Rules<Upstream> = {
  protocol: ({ protocol }) => protocol !== DEFAULTS["upstream.protocol"].value,
  balance: ({ balance }) => balance !== DEFAULTS["upstream.balance"].value,
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
  "route.precompressed": ({ routes }) => routes.some(({ precompressed }) => precompressed),
};

/**
 * Refuses what this kind of server cannot do yet and the proxy can, where the spec asks for it on this server. Upstreams
 * of a config of the user's own are the user's own.
 * @param honoured keys of the two tables above that the kind follows after all
 */
export function refuseProxyOnly(
  spec: Spec,
  server: Server,
  honoured: ReadonlySet<string> = new Set(),
): Limit[] {
  const hint = 'is for kind "proxy" alone so far; serve the site by one, or remove it.';
  return refuseUnfollowed(spec, server, honoured, hint);
}

/** Refuses what the proxy itself does not follow yet: a key that is taken and does nothing would be a lie. */
export function refuseNotYet(spec: Spec, server: Server, honoured: ReadonlySet<string>): Limit[] {
  return refuseUnfollowed(spec, server, honoured, "is not supported yet; remove it.");
}

function refuseUnfollowed(spec: Spec, server: Server, honoured: ReadonlySet<string>, hint: string): Limit[] {
  const asked = <T>(rules: Rules<T>, value: T): string[] =>
    Object.keys(rules).filter((key) => !honoured.has(key) && rules[key]?.(value) === true);
  const sites = sitesOf(spec, server);
  const refuse = (site: string, what: string): Limit => ({
    level: "refuse",
    site,
    sentence: `${what} ${hint}`,
  });
  const ofUpstreams = spec.upstreams.flatMap((upstream) => {
    const user = sites.find((site) => site.upstream === upstream.name);
    if (user === undefined || server.config === "include") return [];
    return asked(UPSTREAM_RULES, upstream).map((key) =>
      refuse(user.name, `${key} of [upstream.${upstream.name}]`),
    );
  });
  const ofSites = sites.flatMap((site) =>
    asked(SITE_RULES, site).map((key) => refuse(site.name, `${key} of [site.${site.name}]`)),
  );
  return [...ofUpstreams, ...ofSites];
}

function hasRules({ set, remove }: HeaderRules): boolean {
  return set.length > 0 || remove.length > 0;
}

function ms(duration: string): number {
  return parseDuration(duration) ?? 0;
}

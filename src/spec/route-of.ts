import { ruleTest, type PathTest } from "./path-rules.js";
import type { Route, UpstreamRoute } from "./route-types.js";
import type { Site } from "./types.js";

/** Which route of a site takes a request. */
export interface Router {
  /**
   * @param host in lower case, without port and closing dot, of the site
   * @param path decoded once and normalised, without its query
   * @returns null: none, so that the site's own upstream does
   */
  find(host: string, path: string): Route | UpstreamRoute | null;
}

/** Names of a site whose requests are routed alike. */
export interface Routing {
  hosts: readonly string[];
  /** In the order in which they are asked: the first that fits takes a request. */
  routes: readonly (Route | UpstreamRoute)[];
}

type Routed = Pick<Site, "hosts" | "routes" | "upstreamRoutes">;

const RANK = { exact: 0, prefix: 1, regex: 2 } as const;

/**
 * The same order on every server: an exact path, then the longest prefix, then the first regular expression of the file.
 * It is that of nginx's own locations, which no order of the file could be told to follow; of two routes with the same
 * path the first one counts whose hosts fit.
 */
export function createRouter(site: Routed): Router {
  if (site.routes.length + site.upstreamRoutes.length === 0) return { find: () => null };
  const routings = routingsOf(site).map(({ hosts, routes }) => ({
    hosts,
    rows: routes.map((route) => ({ route, takes: testOf(route) })),
  }));
  const first = (rows: (typeof routings)[number]["rows"], path: string): Route | UpstreamRoute | null =>
    rows.find(({ takes }) => takes(path))?.route ?? null;
  const [all, ...others] = routings;
  if (all !== undefined && others.length === 0) return { find: (_host, path) => first(all.rows, path) };
  const byName = new Map(routings.flatMap(({ hosts, rows }) => hosts.map((name) => [name, rows] as const)));
  return { find: (host, path) => first(byName.get(nameOf(site.hosts, host) ?? "") ?? [], path) };
}

/** Each name of a site is in one of them. A single one: no route is for some names alone. */
export function routingsOf(site: Routed): Routing[] {
  const found = new Map<string, { hosts: string[]; routes: (Route | UpstreamRoute)[] }>();
  for (const name of site.hosts) {
    const here = site.upstreamRoutes.filter(({ hosts }) => hosts.length === 0 || hosts.includes(name));
    const key = here.map((route) => site.upstreamRoutes.indexOf(route)).join();
    const alike = found.get(key) ?? { hosts: [], routes: inOrder([...site.routes, ...here]) };
    alike.hosts.push(name);
    found.set(key, alike);
  }
  return [...found.values()];
}

/** The upstreams that a site's requests may go to, each once; the site's own first. */
export function upstreamNamesOf({
  upstream,
  upstreamRoutes,
}: Pick<Site, "upstream" | "upstreamRoutes">): string[] {
  const own = upstream === null ? [] : [upstream];
  return [...new Set([...own, ...upstreamRoutes.map((route) => route.upstream)])];
}

/** The one of a site's names that a host is: itself, or else the longest pattern. */
function nameOf(names: readonly string[], host: string): string | null {
  if (names.includes(host)) return host;
  for (let dot = host.indexOf(".", 1); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    const pattern = `*${host.slice(dot)}`;
    if (names.includes(pattern)) return pattern;
  }
  return null;
}

/** The sort is stable: what is equal stays in the order of the file. */
function inOrder(routes: readonly (Route | UpstreamRoute)[]): (Route | UpstreamRoute)[] {
  const rank = (route: Route | UpstreamRoute): number => RANK["dir" in route ? "prefix" : route.match.match];
  return [...routes].sort((a, b) => rank(a) - rank(b) || lengthOf(b) - lengthOf(a));
}

/** The longer of two prefixes goes first; a closing slash does not count. */
function lengthOf(route: Route | UpstreamRoute): number {
  if ("dir" in route) return route.path.length - 1;
  const { match } = route;
  return match.match === "prefix" && match.value !== "/" ? match.value.length : 0;
}

function testOf(route: Route | UpstreamRoute): PathTest {
  return "dir" in route ? (path) => path.startsWith(route.path) : ruleTest(route.match);
}

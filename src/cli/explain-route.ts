import type { Places } from "../spec/places.js";
import { createRouter } from "../spec/route-of.js";
import { changesTarget, targetOf } from "../spec/route-target.js";
import type { Route, UpstreamRoute } from "../spec/route-types.js";
import type { Site } from "../spec/types.js";

/** A rule of the spec, and why it counts or does not. */
export interface Rule {
  rule: string;
  line: number;
  why: string;
}

/** What of a site takes a request. */
export interface Taken {
  /** null: none, so that the site's own upstream does. */
  route: Rule | null;
  /** Those that fit, too, or would for another host. */
  others: Rule[];
  upstream: string | null;
  folder: string | null;
  /** What the upstream is asked for; null: there is none. */
  target: string | null;
}

type AnyRoute = Route | UpstreamRoute;
type Request = Readonly<{ host: string; path: string; target: string }>;

/** By the same router as every server. */
export function takenBy(site: Site, request: Request, places: Places): Taken {
  const { host, path, target } = request;
  const route = createRouter(site).find(host, path);
  const line = (one: AnyRoute): number =>
    "dir" in one
      ? places.lineOfRoute(site.name, "files", site.routes.indexOf(one))
      : places.lineOfRoute(site.name, "upstream", site.upstreamRoutes.indexOf(one));
  const told = (one: AnyRoute, why: string): Rule => ({ rule: nameOf(one), line: line(one), why });
  const others = [...site.routes, ...site.upstreamRoutes].flatMap((one) => {
    if (one === route || !fits(site, one, null, path)) return [];
    const why = fits(site, one, host, path) ? whyLost(one, route) : "it is for other hosts";
    return [told(one, why)];
  });
  const upstream = route === null ? site.upstream : "dir" in route ? null : route.upstream;
  return {
    route: route === null ? null : told(route, WHY[kindOf(route)]),
    others,
    upstream,
    folder: route !== null && "dir" in route ? route.dir : null,
    target:
      upstream === null
        ? null
        : route !== null && !("dir" in route) && changesTarget(route)
          ? targetOf(route, target, path)
          : target,
  };
}

/** Whether a route alone would take a path. @param host null: of whatever host */
function fits(site: Site, route: AnyRoute, host: string | null, path: string): boolean {
  const upstreamRoutes = "dir" in route ? [] : [host === null ? { ...route, hosts: [] } : route];
  const alone = { hosts: site.hosts, routes: "dir" in route ? [route] : [], upstreamRoutes };
  return createRouter(alone).find(host ?? "", path) !== null;
}

const WHY = {
  exact: "its path is this one",
  prefix: "its prefix is the longest that fits",
  regex: "its regular expression is the first that fits, and no other route does",
} as const;

function kindOf(route: AnyRoute): keyof typeof WHY {
  return "dir" in route ? "prefix" : route.match.match;
}

function whyLost(route: AnyRoute, winner: AnyRoute | null): string {
  const won = winner === null ? "prefix" : kindOf(winner);
  const lost = kindOf(route);
  if (won !== lost) return won === "exact" ? "an exact path goes before it" : "a prefix goes before it";
  return won === "prefix" && winner !== null && nameOf(route) !== nameOf(winner)
    ? "a longer prefix goes before it"
    : "one that stands before it fits, too";
}

function nameOf(route: AnyRoute): string {
  if ("dir" in route) return route.path;
  const { match, value } = route.match;
  return match === "prefix" ? value : `${match} ${value}`;
}

import { createRouter, upstreamNamesOf, type Router } from "../spec/route-of.js";
import { changesTarget, targetOf } from "../spec/route-target.js";
import type { Route, UpstreamRoute } from "../spec/route-types.js";
import type { Site } from "../spec/types.js";
import type { BackendGroup } from "./backend/backend-group.js";
import type { CgiUpstream } from "./cgi/cgi-upstream.js";
import type { RequestHead } from "./wire/types.js";

/** How requests reach one upstream. */
export interface Way {
  group: BackendGroup;
  /** How it is spoken to; null: over HTTP. */
  cgi: CgiUpstream | null;
}

/** The same by a route; null: by none. */
export interface TakenWay extends Way {
  route: UpstreamRoute | null;
}

/** Where the requests of one site may go. */
export class Ways {
  /** All that its requests may go to, each once. */
  readonly groups: readonly BackendGroup[];
  private readonly router: Router;
  private readonly own: TakenWay | null;
  private readonly byRoute: ReadonlyMap<UpstreamRoute, TakenWay>;

  /** @param wayTo an upstream, by its name */
  constructor(site: Site, wayTo: (upstream: string) => Way) {
    this.router = createRouter(site);
    this.groups = upstreamNamesOf(site).map((name) => wayTo(name).group);
    this.own = site.upstream === null ? null : { ...wayTo(site.upstream), route: null };
    this.byRoute = new Map(
      site.upstreamRoutes.map((route) => {
        const { group, cgi } = wayTo(route.upstream);
        return [route, { group, cgi, route: changesTarget(route) ? route : null }] as const;
      }),
    );
  }

  /** Files, a way to an upstream, or null: nothing of the site takes the request. */
  find({ host, path }: RequestHead): Route | TakenWay | null {
    const route = this.router.find(host, path);
    if (route === null) return this.own;
    return "dir" in route ? route : (this.byRoute.get(route) ?? null);
  }
}

/** The request as the upstream of a route is asked. */
export function askedOf(request: RequestHead, { route }: TakenWay): RequestHead {
  if (route === null) return request;
  return { ...request, target: targetOf(route, request.target, request.path) };
}

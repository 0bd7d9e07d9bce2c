import { encodedPath } from "../spec/route-target.js";
import type { Route, UpstreamRoute } from "../spec/route-types.js";
import type { Site } from "../spec/types.js";
import { ident } from "./ident.js";

type Values = Readonly<Record<string, unknown>>;

/** Of the script for what a trusted proxy says of the scheme. */
export const SCHEME_NAME = "scheme.lua";

/** Of the script for the fields that programs behind CGI are told of. */
export const FIELDS_NAME = "fields.lua";

/** One script a route with a fallback. */
export function fallbackFiles(site: Site): { path: string; values: Values }[] {
  return site.routes.flatMap((route) => {
    const { fallback } = route;
    if (fallback === null) return [];
    const values = {
      path: route.path,
      dir: `${route.dir}/`,
      base: fallback.base,
      lastSegment: fallback.append === "last-segment",
    };
    return [{ path: fallbackName(site, route), values }];
  });
}

export function fallbackName(site: Site, route: Route): string {
  return `${site.name}.fallback-${site.routes.indexOf(route)}.lua`;
}

export function routeName(site: Site, route: UpstreamRoute): string {
  return `${site.name}.route-${site.upstreamRoutes.indexOf(route)}.lua`;
}

/** Of the script that says what the upstream of a route is asked for. */
export function routeValues(site: Site, { match, stripPrefix, addPrefix }: UpstreamRoute): Values {
  const prefix = stripPrefix && match.value !== "/" ? match.value : "";
  return { name: ident(site.name), prefix, written: encodedPath(prefix), added: encodedPath(addPrefix) };
}

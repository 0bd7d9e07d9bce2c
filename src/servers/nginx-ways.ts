import type { UpstreamRoute } from "../spec/route-types.js";
import { changesTarget, encodedPath } from "../spec/route-target.js";
import { routingsOf, type Routing } from "../spec/route-of.js";
import type { Site } from "../spec/types.js";
import { ident, type Ident } from "./ident.js";
import { locationHeads, ruleOf, ruleValues, type LocationHead, type RuleValues } from "./nginx-rules.js";
import { variableId } from "./nginx-sites.js";

/** How requests of a site reach an upstream. Routes that differ in what they take alone have one way. */
export interface Way {
  /** Part of names; 0 is that of the site's own upstream. */
  index: number;
  upstream: string;
  /** The upstream is asked for another path than the client has asked for; null: for the same. */
  change: PathChange | null;
}

/** Decoded; empty: nothing. */
export interface PathChange {
  stripped: string;
  added: string;
}

/** All ways of a site, the one of its own upstream first. */
export function waysOf(site: Site): Way[] {
  const ways: Way[] = site.upstream === null ? [] : [{ index: 0, upstream: site.upstream, change: null }];
  let index = 0;
  for (const route of site.upstreamRoutes) {
    const change = changeOf(route);
    if (!ways.some((way) => isWayOf(way, route.upstream, change)))
      ways.push({ index: (index += 1), upstream: route.upstream, change });
  }
  return ways;
}

function wayOf(ways: readonly Way[], route: UpstreamRoute): Way {
  const found = ways.find((way) => isWayOf(way, route.upstream, changeOf(route)));
  if (found === undefined) throw new Error(`no way to ${route.upstream}`);
  return found;
}

function isWayOf(way: Way, upstream: string, change: PathChange | null): boolean {
  return (
    way.upstream === upstream &&
    way.change?.stripped === change?.stripped &&
    way.change?.added === change?.added
  );
}

function changeOf(route: UpstreamRoute): PathChange | null {
  if (!changesTarget(route)) return null;
  const { stripPrefix, addPrefix, match } = route;
  return { stripped: stripPrefix && match.value !== "/" ? match.value : "", added: addPrefix };
}

/** Name of the file that a location includes, so that requests reach the upstream. */
export function liveName(site: Site, { index }: Way): string {
  return `live.${site.name}.${index === 0 ? "" : `${index}.`}conf`;
}

/** Name of the file that a location includes, so that requests reach the gate as they would the upstream. */
export function waitName(site: Site, { index }: Way): string {
  return `wait.${site.name}.${index === 0 ? "" : `${index}.`}conf`;
}

/** Variables for what an upstream is asked for: as the client wrote it, and decoded where that cannot be. */
export function targetVariables(site: Site, { index }: Way): { sent: Ident; decoded: Ident } {
  const id = variableId(site.name).value;
  return { sent: ident(`fence_${id}_sent${index}`), decoded: ident(`fence_${id}_decoded${index}`) };
}

/** Those of all ways that ask for another path, for the http level. */
export function targetValues(site: Site): Readonly<Record<string, unknown>>[] {
  return waysOf(site).flatMap((way) => {
    const { change, index } = way;
    if (change === null) return [];
    const { stripped, added } = change;
    return [
      {
        ...targetVariables(site, way),
        index,
        stripped,
        added,
        strippedSent: encodedPath(stripped),
        addedSent: encodedPath(added),
      },
    ];
  });
}

/** A location of a server block that goes to an upstream. */
export interface WayLocation extends LocationHead {
  live: string;
}

/**
 * Those of all routes to upstreams, for names that are routed alike. nginx itself looks them up in the order of
 * route-of.ts; of two with the same path the first of that order counts.
 */
export function wayLocations(site: Site, { routes }: Routing): WayLocation[] {
  const ways = waysOf(site);
  const found = new Map<string, WayLocation>();
  for (const route of routes) {
    if ("dir" in route) continue;
    for (const head of locationHeads(ruleOf(route))) {
      const key = Object.values(head).join("\n");
      if (!found.has(key)) found.set(key, { ...head, live: liveName(site, wayOf(ways, route)) });
    }
  }
  return [...found.values()];
}

/** Whether some route takes all that no other one does. */
export function isRooted({ routes }: Routing): boolean {
  return routes.map(ruleOf).some(({ match, value }) => match === "prefix" && value === "/");
}

/** The same order as a map, for a request that is in no location of its own: where it waits while the site is held. */
export interface DoorMap {
  /** The names of one server block; null: of the first. */
  host: string | null;
  variable: Ident;
  /** `at`: a named location; null: it does not wait. */
  rows: readonly (RuleValues & { at: Ident | null })[];
  /** Of what no route takes. */
  own: Ident | null;
}

export function doorMaps(site: Site): DoorMap[] {
  const ways = waysOf(site);
  const id = variableId(site.name).value;
  const at = (index: number): Ident => ident(`fence_${id}_wait${index}`);
  return routingsOf(site).map(({ hosts, routes }, index) => ({
    host: index === 0 ? null : (hosts[0] ?? null),
    variable: ident(`fence_${id}_door${index}`),
    rows: routes.map((route) => ({
      ...ruleValues(ruleOf(route)),
      at: "dir" in route ? null : at(wayOf(ways, route).index),
    })),
    own: site.upstream === null ? null : at(0),
  }));
}

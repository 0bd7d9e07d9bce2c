import type { Server, Site, Spec } from "../spec/types.js";
import { doorOf, gateHost } from "./gate-doors.js";
import { ident } from "./ident.js";
import { hostRegex, scopesOf } from "./lighttpd-sites.js";
import { sitesOf } from "./sites.js";
import { PROBE_PATH } from "./probe-path.js";

type Values = Readonly<Record<string, unknown>>;

/** What gate.conf says of each site, and the admin socket. */
export function gateValues(spec: Spec, server: Server): Values {
  const sites = sitesOf(spec, server);
  return {
    include: server.config === "include",
    probePath: PROBE_PATH,
    controlSocket: `${spec.runDir}/${server.name}/control.sock`,
    admin: `${spec.outputDir}/${server.name}/admin.lua`,
    doors: sites.flatMap((site) => {
      const door = doorOf(spec, server, site);
      if (door === null) return [];
      return [
        {
          label: ident(`fence-hold-${site.name}`),
          host: gateHost(site),
          path: door.path,
          active: activePath(spec, server, site),
        },
      ];
    }),
    hasUpstream: server.config === "standalone" && sites.some((site) => site.upstream !== null),
    blocks: sites.flatMap((site) =>
      scopesOf(spec, server, site).map((socket) => ({
        name: ident(site.name),
        socket,
        hosts: hostRegex(site, sites),
        active: activePath(spec, server, site),
        probe: `${spec.outputDir}/${server.name}/${site.name}.probe.lua`,
        passRegexes: passRegexes(site),
        gatedHealth: passRegexes(site).length > 0 ? gatedHealth(site) : null,
        fallbacks: fallbackBlocks(spec, server, site),
      })),
    ),
  };
}

export function adminValues(spec: Spec, server: Server): Values {
  const sites = sitesOf(spec, server);
  return {
    sites: sites.map((site) => ({ name: site.name, active: activePath(spec, server, site) })),
    // In the user's own config the labels of the backends are not ours: there all of them count for each site.
    labelled: server.config === "standalone",
  };
}

export function probeValues(spec: Spec, server: Server, site: Site): Values {
  return { name: ident(site.name), active: activePath(spec, server, site) };
}

export function upValues(site: Site, generation: number): Values {
  return { name: ident(site.name), generation };
}

/** One script a route with a fallback. */
export function fallbackFiles(site: Site): { path: string; values: Values }[] {
  return site.routes.flatMap((route, index) => {
    const { fallback } = route;
    if (fallback === null) return [];
    const values = {
      path: route.path,
      dir: `${route.dir}/`,
      base: fallback.base,
      lastSegment: fallback.append === "last-segment",
    };
    return [{ path: fallbackName(site, index), values }];
  });
}

/** Shorter paths first: of two blocks that match, lighttpd takes the last. */
function fallbackBlocks(spec: Spec, server: Server, site: Site): Values[] {
  if (site.routes.every((route) => route.fallback === null)) return [];
  return site.routes
    .map((route, index) => ({
      path: route.path,
      script: route.fallback && `${spec.outputDir}/${server.name}/${fallbackName(site, index)}`,
    }))
    .sort((a, b) => a.path.length - b.path.length);
}

function fallbackName(site: Site, route: number): string {
  return `${site.name}.fallback-${route}.lua`;
}

export function activePath(spec: Spec, server: Server, site: Site): string {
  return `${spec.stateDir}/servers/${server.name}/${site.name}.lua`;
}

/** Each once: lighttpd takes two blocks with the same condition for one, and a setting given twice for an error. */
function passRegexes(site: Site): string[] {
  return [...new Set(site.exceptions.pass.flatMap((rule) => (rule.match === "regex" ? [rule.value] : [])))];
}

/** The health path, when the gate answers it: no pass rule may take it away. */
function gatedHealth(site: Site): string | null {
  const { health } = site.exceptions;
  return health === null || health.whileDown === "pass" ? null : health.path;
}

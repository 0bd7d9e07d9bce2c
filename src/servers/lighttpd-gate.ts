import { BYPASS_COOKIE, BYPASS_PATH } from "../base/bypass.js";
import type { Server, Site, Spec } from "../spec/types.js";
import { doorsOf, GATE_MARK } from "./gate-doors.js";
import { ident } from "./ident.js";
import { servingModules } from "./lighttpd-live.js";
import { fallbackName, SCHEME_NAME } from "./lighttpd-scripts.js";
import { activePath, hostRegex, scopesOf } from "./lighttpd-sites.js";
import { sitesOf } from "./sites.js";
import { PROBE_PATH } from "./probe-path.js";

type Values = Readonly<Record<string, unknown>>;

/** What gate.conf says of each site, and the admin socket. */
export function gateValues(spec: Spec, server: Server): Values {
  const sites = sitesOf(spec, server);
  const isInclude = server.config === "include";
  return {
    include: isInclude,
    doors: isInclude && sites.some((site) => doorsOf(spec, server, site).length > 0),
    probePath: PROBE_PATH,
    bypassCookie: BYPASS_COOKIE,
    bypassPath: BYPASS_PATH,
    controlSocket: `${spec.runDir}/${server.name}/control.sock`,
    admin: `${spec.outputDir}/${server.name}/admin.lua`,
    // Whatever host somebody names on the control socket, nothing reaches a backend from there.
    serving: isInclude ? [] : servingModules(spec, sites).map(ident),
    blocks: sites.flatMap((site) =>
      scopesOf(spec, server, site).map((socket) => ({
        name: ident(site.name),
        socket,
        hosts: hostRegex(site, sites),
        active: activePath(spec, server, site),
        clean: `${spec.outputDir}/${server.name}/clean.lua`,
        trusted: site.exceptions.trustedProxies.map(({ text }) => text),
        scheme: `${spec.outputDir}/${server.name}/${SCHEME_NAME}`,
        link: `${spec.outputDir}/${server.name}/${site.name}.bypass.lua`,
        probe: `${spec.outputDir}/${server.name}/${site.name}.probe.lua`,
        passRegexes: passRegexes(site),
        gatedHealth: passRegexes(site).length > 0 ? gatedHealth(site) : null,
        gate: markValues(spec, server, site),
        fallbacks: isInclude ? fallbackBlocks(spec, server, site) : [],
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

/** What marks a request for the gate, and where it waits unless a config of fence's own says that itself. */
function markValues(spec: Spec, server: Server, site: Site): Values | null {
  const [door] = doorsOf(spec, server, site);
  if (door === undefined) return null;
  const own = { label: ident(`fence-hold-${site.name}`), path: door.path };
  return {
    field: ident(GATE_MARK.field),
    unmark: `${spec.outputDir}/${server.name}/unmark.lua`,
    door: server.config === "include" ? own : null,
  };
}

/** Shorter paths first: of two blocks that match, lighttpd takes the last. */
function fallbackBlocks(spec: Spec, server: Server, site: Site): Values[] {
  if (site.routes.every((route) => route.fallback === null)) return [];
  return site.routes
    .map((route) => ({
      path: route.path,
      script: route.fallback && `${spec.outputDir}/${server.name}/${fallbackName(site, route)}`,
    }))
    .sort((a, b) => a.path.length - b.path.length);
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

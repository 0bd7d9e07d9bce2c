import type { Server, Site, Spec } from "../spec/types.js";
import type { Limit, PlannedFile } from "./adapter.js";
import { doorsOf } from "./gate-doors.js";
import { ident, type Ident } from "./ident.js";
import { FEWER_HEADER, IN_FLIGHT_STEPS } from "./in-flight-steps.js";
import { activePath, enterName, holdsByItself, variableId } from "./nginx-sites.js";
import { doorMaps, liveName, waitName, waysOf } from "./nginx-ways.js";
import { PROBE_PATH } from "./probe-path.js";
import { allListens, sitesOf } from "./sites.js";

type Values = Readonly<Record<string, unknown>>;
type HoldFile = Pick<PlannedFile, "path" | "template" | "values">;

/** Of one worker, in nginx.conf. */
export const WORKER_CONNECTIONS = 4096;
/** To the client, and to the gate or the backend. */
const CONNECTIONS_PER_HELD = 2;
/** What nginx itself needs of them: listeners, and the channel between its processes. */
const CONNECTIONS_OWN = 64;
/** A node of a limit_conn zone on 64 bits, rounded up. */
const CLIENT_BYTES = 256;
const ZONE_BYTES_MIN = 1024 * 1024;
/** Longer than any max_wait may be: it is the gate that says when a wait is over. */
export const WAIT_MS = 86_460_000;

/** Whether stock nginx can have the requests of a site wait. */
export function holds(spec: Spec, server: Server, site: Site): boolean {
  return server.kind === "nginx" && doorsOf(spec, server, site).length > 0;
}

/** Where requests wait, and how those at the backends are counted; none where no site of the server can be held. */
export function holdFiles(spec: Spec, server: Server): HoldFile[] {
  const sites = sitesOf(spec, server).filter((site) => holds(spec, server, site));
  if (sites.length === 0) return [];
  return [
    { path: HOLD_HTTP_NAME, template: "nginx/hold.http.conf", values: httpValues(spec, server, sites) },
    ...sites.map((site) => ({
      path: holdName(site),
      template: "nginx/hold.site.conf",
      values: siteValues(spec, server, site),
    })),
    ...sites.filter(() => waitsInLocation(server)).map(enterFile),
  ];
}

export const HOLD_HTTP_NAME = "hold.http.conf";

/** In a config of the user's own a request waits in the location that it is for, so that all its rules count. */
export function waitsInLocation({ config }: Server): boolean {
  return config === "include";
}

/** Of a site of a config that is not fence's; the same name as with Lua. */
function enterFile(site: Site): HoldFile {
  const values = { name: ident(site.name), id: variableId(site.name), upstream: liveUpstream(site) };
  return { path: enterName(site), template: "nginx/enter.site.conf", values };
}

/** Empty: the site has none, and so nothing to be held for. */
function liveUpstream({ upstream }: Site): Ident {
  return ident(`fence_${upstream ?? ""}`);
}

export function holdName(site: Site): string {
  return `hold.${site.name}.conf`;
}

/** Each with the path at which nginx answers it, which no client can ask for. */
function stepsOf({ name }: Site): Values[] {
  return IN_FLIGHT_STEPS.map((count) => ({ count, path: `/./fence/${name}/fewer/${count}` }));
}

/** The gate in the place of an upstream. */
export function waitUpstream(site: Site, upstream: string): Ident {
  return ident(`fence_${site.name}_wait_${upstream}`);
}

function httpValues(spec: Spec, server: Server, sites: readonly Site[]): Values {
  const own = allListens(spec, server).flatMap((listen) =>
    listen.kind === "tcp" && !["0.0.0.0", "::"].includes(listen.address) ? [listen.address] : [],
  );
  return {
    server: ident(server.name),
    inLocation: waitsInLocation(server),
    own: [...new Set(own)],
    sites: sites.map((site) => {
      const bytes = Math.max(ZONE_BYTES_MIN, site.hold.maxHeld * CLIENT_BYTES);
      return {
        name: ident(site.name),
        id: variableId(site.name),
        upstream: liveUpstream(site),
        downFlag: `${activePath(spec, server, site)}/down`,
        refuseFlag: `${activePath(spec, server, site)}/refuse`,
        holdFlag: `${activePath(spec, server, site)}/hold`,
        doors: doorsOf(spec, server, site).map(({ upstream, path }) => ({
          upstream: waitUpstream(site, upstream),
          address: `unix:${path}`,
        })),
        maps: doorMaps(site),
        trusted: site.exceptions.trustedProxies.map(({ text }) => text),
        clientsKb: Math.ceil(bytes / 1024),
        asks: stepsOf(site),
      };
    }),
  };
}

function siteValues(spec: Spec, server: Server, site: Site): Values {
  const active = activePath(spec, server, site);
  return {
    name: ident(site.name),
    id: variableId(site.name),
    inLocation: waitsInLocation(server),
    downFlag: `${active}/down`,
    refuseFlag: `${active}/refuse`,
    probePath: PROBE_PATH,
    probeFile: `${active}/probe.json`,
    steps: stepsOf(site),
    fewerHeader: FEWER_HEADER,
    cors: site.maintenance.corsOrigins.length > 0,
    ways: waysOf(site).map((way) => ({
      index: way.index,
      waitFile: waitName(site, way),
      liveFile: liveName(site, way),
    })),
    perClient: Math.min(site.hold.maxHeldPerClient, 65_535),
  };
}

/** What stands against a hold on this nginx, of either kind, or bounds it. */
export function holdLimits(spec: Spec, server: Server): Limit[] {
  const note = (site: string | null, sentence: string): Limit => ({ level: "note", site, sentence });
  const sites = sitesOf(spec, server);
  if (server.config === "include" && server.kind === "nginx-lua") {
    const sentence =
      'fence hold is refused: in a config of your own kind = "nginx" can hold, also on an nginx with Lua; so can config = ' +
      '"standalone".';
    return [note(null, sentence)];
  }
  const isCountedByPeer = (site: Site): boolean =>
    !holdsByItself(server, site) && site.exceptions.trustedProxies.length > 0;
  const held = sites.filter((site) => holds(spec, server, site) || holdsByItself(server, site));
  const found = sites
    .filter((site) => !held.includes(site))
    .map((site) =>
      note(site.name, "fence hold is refused for a site without an upstream: nothing is held for it."),
    );
  for (const { name } of waitsInLocation(server) ? held : [])
    found.push(note(name, "max_held_per_client means nothing here: the limits of a location are yours."));
  const needed = held.reduce((sum, { hold }) => sum + hold.maxHeld * CONNECTIONS_PER_HELD, CONNECTIONS_OWN);
  if (needed > WORKER_CONNECTIONS) {
    const sentence =
      `max_held of its sites comes to ${needed} connections, two for each request that waits, and a worker of nginx ` +
      `has ${WORKER_CONNECTIONS}: beyond them it takes no client at all. Any worker may get all clients.`;
    found.push(note(null, sentence));
  }
  if (held.some((site) => !holdsByItself(server, site))) {
    const sentence =
      "More than one request in flight is told as at least 1, 10, 100 or 1000, since nginx tells only whether there are " +
      "fewer than a number; that there is none is exact.";
    found.push(note(null, sentence));
  }
  for (const { name } of held.filter((site) => isCountedByPeer(site) && !waitsInLocation(server))) {
    const sentence =
      "max_held_per_client does not count clients behind a trusted proxy: nginx counts by the address of its peer.";
    found.push(note(name, sentence));
  }
  return found;
}

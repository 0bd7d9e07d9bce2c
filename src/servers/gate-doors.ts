import { GATE_NAME } from "../base/gate-name.js";
import { upstreamNamesOf } from "../spec/route-of.js";
import type { Backend, Server, Site, Spec, Upstream } from "../spec/types.js";
import { variableId } from "./nginx-sites.js";
import { sitesOf } from "./sites.js";

/** A unix socket at the gate, where requests of one site for one upstream wait on one server while the site is held. */
export interface GateDoor {
  site: string;
  server: string;
  upstream: string;
  path: string;
  /** Who connects to it: the user that the server's workers are; null: whoever they are once it runs. */
  user: string | null;
  /** Of the server. */
  pidFile: string;
  /** Where what has waited goes. */
  backends: readonly Backend[];
  /**
   * In a config of the user's own nginx is told by X-Accel-Redirect to answer as down does: the protocol that it speaks to
   * the door, and the location. null: the server sees by a connection that ends.
   */
  refusal: { protocol: Upstream["protocol"]; location: string } | null;
  /** The server sees for itself when a hold is over, and sends nothing new from then on. */
  seesEnd: boolean;
  /**
   * An upload that began while the site was held comes to the gate when it ends, perhaps after all others: so long it is
   * waited for.
   */
  lingerMs: number;
}

/** For a server that can only refuse what it has once meant for the gate. */
const NO_OTHER_WAY_MS = 600_000;
/** nginx in a config of fence's sends an upload to the backend when the gate has gone. */
const LINGER_MS = { lighttpd: NO_OTHER_WAY_MS, nginx: 10_000 } as const;

/** All doors that the servers of a spec hold their sites through; none: no server needs the gate. */
export function gateDoors(spec: Spec): GateDoor[] {
  return spec.servers.flatMap((server) =>
    sitesOf(spec, server).flatMap((site) => doorsOf(spec, server, site)),
  );
}

/** Whether a server holds by the gate, or else not at all. */
export function isGated<S extends Pick<Server, "kind">>(
  server: S,
): server is S & { kind: keyof typeof LINGER_MS } {
  const { kind } = server;
  return kind === "lighttpd" || kind === "nginx";
}

/**
 * The doors of one site on one server, one for each of its upstreams, the site's own first; none: the server holds by
 * itself, or not at all.
 */
export function doorsOf(spec: Spec, server: Server, site: Site): GateDoor[] {
  if (!isGated(server)) return [];
  const upstreams = upstreamNamesOf(site).flatMap((name) =>
    spec.upstreams.filter((one) => one.name === name),
  );
  const isOwn = server.config === "include";
  // What says which requests are for a program, and where its scripts are, is in the user's own config.
  if (isOwn && server.kind === "lighttpd" && upstreams.some(({ protocol }) => protocol !== "http")) return [];
  const isInLocation = isOwn && server.kind === "nginx";
  return upstreams.map(({ name, backends, protocol }, index) => ({
    site: site.name,
    server: server.name,
    upstream: name,
    // By number: the path of a socket has room for no third name.
    path: `${spec.runDir}/${GATE_NAME}/${server.name}.${site.name}${index === 0 ? "" : `.${index}`}.sock`,
    user: server.user,
    pidFile: server.pidFile,
    backends,
    refusal: isInLocation ? { protocol, location: turnedName(site) } : null,
    seesEnd: server.kind === "lighttpd",
    lingerMs: isInLocation ? NO_OTHER_WAY_MS : LINGER_MS[server.kind],
  }));
}

/** The location of stock nginx that answers as down does. */
function turnedName({ name }: Site): string {
  return `@fence_${variableId(name).value}_turned`;
}

/** The gate as a server like the others; null: nothing of the spec needs it. */
export function gateServer(spec: Spec): Server | null {
  if (gateDoors(spec).length === 0) return null;
  return {
    name: GATE_NAME,
    kind: "gate",
    config: "standalone",
    listen: [],
    workers: 1,
    user: null,
    pidFile: `${spec.runDir}/${GATE_NAME}/server.pid`,
    program: "fence-gate",
    moduleDir: null,
    statCache: "simple",
    accessLog: null,
    metrics: null,
  };
}

/**
 * The field of a request by which lighttpd knows that it is for the gate: nothing that a rule of anybody's looks at, so
 * that all rules count for what waits. Whether a script has set it or a client is told by the variable of the same request.
 */
export const GATE_MARK = { field: "X-Fence-Hold", variable: "FENCE_HOLD" } as const;

import { GATE_NAME } from "../base/gate-name.js";
import { upstreamNamesOf } from "../spec/route-of.js";
import type { Backend, Server, Site, Spec } from "../spec/types.js";
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
  /** The server sees for itself when a hold is over, and sends nothing new from then on. */
  seesEnd: boolean;
  /**
   * An upload that began while the site was held comes to the gate when it ends, perhaps after all others: so long it is
   * waited for.
   */
  lingerMs: number;
}

/** nginx sends an upload to the backend when the gate has gone; what lighttpd has meant for the gate it can only refuse. */
const LINGER_MS = { lighttpd: 600_000, nginx: 10_000 } as const;

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
  if (server.config === "include") {
    // A request that waits would not be under the rules of the location that it is for.
    if (server.kind === "nginx") return [];
    // What says which requests are for a program, and where its scripts are, is in the user's own config.
    if (upstreams.some(({ protocol }) => protocol !== "http")) return [];
  }
  return upstreams.map(({ name, backends }, index) => ({
    site: site.name,
    server: server.name,
    upstream: name,
    // By number: the path of a socket has room for no third name.
    path: `${spec.runDir}/${GATE_NAME}/${server.name}.${site.name}${index === 0 ? "" : `.${index}`}.sock`,
    user: server.user,
    pidFile: server.pidFile,
    backends,
    seesEnd: server.kind === "lighttpd",
    lingerMs: LINGER_MS[server.kind],
  }));
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

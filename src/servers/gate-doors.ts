import { GATE_NAME } from "../base/gate-name.js";
import type { Backend, Server, Site, Spec } from "../spec/types.js";
import { sitesOf } from "./sites.js";

/** A unix socket at the gate, where requests of one site on one server wait while the site is held. */
export interface GateDoor {
  site: string;
  server: string;
  path: string;
  /** Who connects to it: the user that the server's workers are; null: the one that fence is. */
  user: string | null;
  /** Where what has waited goes. */
  backends: readonly Backend[];
}

/** All doors that the servers of a spec hold their sites through; none: no server needs the gate. */
export function gateDoors(spec: Spec): GateDoor[] {
  return spec.servers.flatMap((server) =>
    sitesOf(spec, server).flatMap((site) => doorOf(spec, server, site) ?? []),
  );
}

/** The door of one site on one server; null: the server holds by itself, or not at all. */
export function doorOf(spec: Spec, server: Server, site: Site): GateDoor | null {
  const backends = spec.upstreams.find(({ name }) => name === site.upstream)?.backends;
  if (server.kind !== "lighttpd" || backends === undefined) return null;
  return {
    site: site.name,
    server: server.name,
    path: `${spec.runDir}/${GATE_NAME}/${server.name}.${site.name}.sock`,
    user: server.user,
    backends,
  };
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
 * The host by which lighttpd knows a request that is for the gate: a script gives it to the request, and no client can,
 * since lighttpd refuses a Host with such a character (server.http-parseopts, "host-strict"). Null: there is no door.
 */
export function gateHost(site: Site): string | null {
  return site.upstream === null ? null : `!hold.${site.name}`;
}

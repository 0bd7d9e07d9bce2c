import type { Configuration } from "./configuration.js";
import type { Context } from "./context.js";
import type { ServedSite } from "./site.js";

/** What `POST /sync?site=` answers: the same as nginx with Lua, and the requests at the backends. */
export function syncReport(site: ServedSite) {
  const synced = site.modes.sync();
  if (site.modes.mode === "hold") site.drained();
  return {
    pid: process.pid,
    synced,
    site: site.name,
    mode: site.modes.mode,
    generation: site.modes.state?.generation ?? null,
    workers: [process.pid],
    ...trafficOf(site),
  };
}

function trafficOf({ inflight, exempt, room }: ServedSite) {
  const { size, oldestMs, totals } = room;
  return {
    inflight,
    /** Requests that an exception let pass while the site is not up. */
    exempt,
    held: size,
    oldestHeldMs: oldestMs,
    /** Since the start. */
    heldTotals: totals,
  };
}

/** What happened to the config since the start. */
export interface ReloadFacts {
  /** SHA-256 of the `proxy.json` in force. */
  configSha256: string;
  /** SIGHUPs that put a config in force, and those that changed nothing. */
  reloads: number;
  reloadsFailed: number;
  /** Why the last one changed nothing; null: it did, or there was none. */
  reloadProblem: string | null;
}

/** What `GET /status` answers. */
export function statusReport(
  server: string,
  facts: ReloadFacts,
  configuration: Configuration,
  context: Context,
) {
  const { tick } = context.clock;
  return {
    pid: process.pid,
    server,
    uptimeSec: tick,
    stopping: context.isStopping,
    ...facts,
    connections: context.clients.size,
    sites: [...configuration.sites.values()].map((site) => ({
      name: site.name,
      mode: site.modes.mode,
      generation: site.modes.state?.generation ?? null,
      ...trafficOf(site),
      tunnels: site.tunnels,
    })),
    queues: [...configuration.upstreams.values()].map(({ name, queue }) => ({
      upstream: name,
      /** Requests that wait for a backend. */
      waiting: queue.size,
      /** Since the start. */
      refused: queue.refused,
    })),
    names: [...configuration.upstreams.values()].flatMap((group) =>
      group.names.facts().map((facts) => ({ upstream: group.name, ...facts })),
    ),
    backends: [...configuration.upstreams.values()].flatMap((group) =>
      group.all().map(({ pool, state }) => ({
        upstream: group.name,
        backend: pool.label,
        state,
        /** Why the last health check failed; null: it did not, or there was none. */
        problem: pool.health.problem,
        inflight: pool.inflight,
        idle: pool.idle.size,
        refusedSecAgo: pool.refusedAt === null ? null : tick - pool.refusedAt,
      })),
    ),
  };
}

export type StatusReport = ReturnType<typeof statusReport> & {
  /** Every listener is open. */
  ready?: boolean;
  /** Of a proxy with worker processes. */
  workers?: readonly WorkerFacts[];
  /** Processes that this one has taken over from, and that still have requests. */
  retiring?: readonly { pid: number | null; connections: number | null }[];
};

export interface WorkerFacts {
  /** null: it has ended, and the next one is to be started. */
  pid: number | null;
  state: "serves" | "starting" | "silent" | "ended";
  restarts: number;
  connections: number | null;
}

export type SyncReport = ReturnType<typeof syncReport>;

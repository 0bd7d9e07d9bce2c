import { atMost } from "../base/at-most.js";
import type { Mode } from "../base/mode.js";
import { serverNamed, siteNamed } from "../plan/plan.js";
import type { Plan } from "../plan/types.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { doorsOf } from "../servers/gate-doors.js";
import type { Listen, Server, ServerKind, Site } from "../spec/types.js";
import { sync } from "./control-sync.js";
import { observeWorkers as observeGate } from "./gate.js";
import { observeWorkers as observeLighttpd } from "./lighttpd.js";
import { observeWorkers as observeNginxLua } from "./nginx-lua.js";
import { observeWorkers as observeNginx } from "./nginx.js";
import { observeWorkers as observeProxy } from "./proxy.js";
import { probe, probeHosts } from "./probe.js";
import { findMaster, type Master } from "./running.js";
import type {
  Observation,
  ObserveWorkers,
  ProbeResult,
  Surroundings,
  Traffic,
  WorkersView,
} from "./types.js";

const WORKERS_OF: Readonly<Record<ServerKind, ObserveWorkers>> = {
  lighttpd: observeLighttpd,
  "nginx-lua": observeNginxLua,
  nginx: observeNginx,
  proxy: observeProxy,
  gate: observeGate,
};

/** Probes of one listener under way at once in one look; each opens a connection of its own. */
const PROBES_AT_ONCE = 8;
/** Looks under way at once, over all sites and servers. */
const looking = atMost(32);

/**
 * One look at one site on one server: its workers and every listener under every host of the site.
 * Never throws for what the server does or does not do; that is in `problems`.
 */
export function observe(plan: Plan, point: SwitchPoint): Promise<Observation> {
  return looking(() => look(plan, point));
}

async function look(plan: Plan, point: SwitchPoint): Promise<Observation> {
  const server = serverNamed(plan.spec, point.server);
  const site = siteNamed(plan.spec, point.site);
  const nothing = { site: site.name, server: server.name, mode: "unknown", generation: null } as const;
  const master = await findMaster(server);
  if (master.running === "no") {
    const problems = [master.problem ?? "not running"];
    return { ...nothing, running: "no", workers: [], probes: [], inflight: null, held: null, problems };
  }
  const probes = await probeAll(site, site.listen[server.name] ?? []);
  const gate = gateOf(plan, server, site);
  const view = await viewOf(point, server, master, { site, gate });
  const problems = problemsOf(view, probes);
  const agreed = problems.length === 0 ? (view.shows ?? agreement(probes)) : null;
  const mode = agreed?.mode === "hold" && gate !== null ? await modeAtGate(gate, server) : agreed?.mode;
  return {
    ...nothing,
    running: master.running,
    mode: mode ?? "unknown",
    generation: agreed?.generation ?? null,
    workers: view.workers,
    probes,
    inflight: view.inflight,
    isAtLeast: view.isAtLeast ?? false,
    held: view.held ?? null,
    problems,
  };
}

/** What the workers of one server count, without a look at its listeners. Never throws. */
export async function observeTraffic(plan: Plan, point: SwitchPoint): Promise<Traffic> {
  const server = serverNamed(plan.spec, point.server);
  const site = siteNamed(plan.spec, point.site);
  const master = await findMaster(server);
  const around = { site, gate: gateOf(plan, server, site) };
  const view = await viewOf(point, server, master, around);
  const { inflight, isAtLeast = false, held = null, problem, workers } = view;
  // What an older variant lets through may be at the backends a moment later.
  const late = workers.find(({ settled }) => settled !== true);
  const doubt = late === undefined ? null : `worker ${late.pid} does not act on the variant in force`;
  return { running: master.running, inflight, isAtLeast, held, problem: problem ?? doubt };
}

async function viewOf(
  point: SwitchPoint,
  server: Server,
  master: Master,
  around: Surroundings,
): Promise<WorkersView> {
  if (master.pid === null) return { workers: [], inflight: null, problem: master.problem };
  return WORKERS_OF[point.kind](point, server, master.pid, around);
}

/** Where the server holds the site through it; null: it does not. */
function gateOf(plan: Plan, server: Server, site: Site): SwitchPoint | null {
  const isThrough = doorsOf(plan.spec, server, site).length > 0;
  return isThrough ? (plan.gatePoints.find((one) => one.site === site.name) ?? null) : null;
}

/**
 * What clients get whom a server sends to the gate: there a release is in force first, and nginx, which has no clock, does not
 * know when a hold is over. Without a gate the servers answer those that should wait as down does; nginx in a config of the
 * user's own by an error.
 */
async function modeAtGate(
  { controlSocket, site }: SwitchPoint,
  { kind, config }: Server,
): Promise<Mode | "unknown"> {
  try {
    return (await sync(controlSocket ?? "", site)).mode;
  } catch {
    return kind === "nginx" && config === "include" ? "unknown" : "down";
  }
}

/** Sentences for everything that stands against "all of it shows one mode"; empty when nothing does. */
function problemsOf(view: WorkersView, probes: readonly ProbeResult[]): string[] {
  const problems: string[] = view.problem === null ? [] : [view.problem];
  for (const worker of view.workers) {
    if (worker.settled === true) continue;
    const what = worker.settled === null ? "has not answered" : "still acts on an older variant";
    problems.push(`worker ${worker.pid} ${what}${worker.detail ? `: ${worker.detail}` : ""}`);
  }
  for (const one of probes)
    if (one.problem !== null) problems.push(`${one.host} at ${one.url}: ${one.problem}`);
  if (problems.length === 0 && view.shows === undefined && agreement(probes) === null) {
    const seen = probes.map(
      (one) => `${one.host} at ${one.url}: ${one.mode}, generation ${one.generation ?? "unknown"}`,
    );
    problems.push(`the listeners do not agree: ${seen.join("; ")}`);
  }
  return problems;
}

function agreement(probes: readonly ProbeResult[]): { mode: Mode; generation: number | null } | null {
  const [first, ...rest] = probes;
  if (!first || first.mode === "unknown") return null;
  const agrees = rest.every((one) => one.mode === first.mode && one.generation === first.generation);
  return agrees ? { mode: first.mode, generation: first.generation } : null;
}

async function probeAll(site: Site, listens: readonly Listen[]): Promise<ProbeResult[]> {
  return (await Promise.all(listens.map((listen) => probeListener(site, listen)))).flat();
}

/** One that stays silent is not asked under further names: a look must end long before the deadline of a proof. */
async function probeListener(site: Site, listen: Listen): Promise<ProbeResult[]> {
  const hosts = probeHosts(site);
  const results: ProbeResult[] = [];
  for (let start = 0; start < hosts.length; start += PROBES_AT_ONCE) {
    const batch = hosts.slice(start, start + PROBES_AT_ONCE);
    results.push(...(await Promise.all(batch.map((host) => probe(site, listen, host)))));
    if (results.some(({ status }) => status === null)) break;
  }
  return results;
}

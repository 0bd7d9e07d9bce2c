import { FenceError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import type { Spec } from "../spec/types.js";
import type { Adrift } from "../workers/adrift.js";
import type { SetFacts } from "../workers/types.js";
import { workersFolder } from "./workers-command.js";

/** How the worker that a site forwards to is doing. */
export interface SiteWorker {
  name: string;
  state: SetFacts["state"] | "unknown";
  /** Processes that take requests; null: it cannot be told. */
  running: number | null;
  /** Processes that there should be. */
  count: number;
  /** Why it is unknown, or why processes are missing, one sentence; null: nothing is wrong. */
  problem: string | null;
}

/** The worker of each of these sites that has one, by the name of the site. Never throws for what it cannot tell. */
export async function workersOfSites(spec: Spec, sites: readonly string[]): Promise<Map<string, SiteWorker>> {
  const named = spec.sites.flatMap(({ name, worker }) =>
    worker !== null && sites.includes(name) ? [{ site: name, worker }] : [],
  );
  if (named.length === 0) return new Map();
  const seen = await look(spec);
  return new Map(named.map(({ site, worker }) => [site, factsOf(spec, worker, seen)]));
}

/** The sets that a supervisor tells of, or why none does. */
type Seen = { sets: readonly SetFacts[] } | { why: string; adrift: readonly Adrift[] };

async function look(spec: Spec): Promise<Seen> {
  const folder = workersFolder(spec);
  const [{ SupervisorClient }, { adriftIn }] = await Promise.all([
    import("../workers/client.js"),
    import("../workers/adrift.js"),
  ]);
  let client: Awaited<ReturnType<typeof SupervisorClient.connect>> = null;
  try {
    client = await SupervisorClient.connect(folder);
    if (client === null) return { why: "no supervisor of workers runs", adrift: adriftIn(folder) };
    const { keeper, sets } = await client.status(null);
    return keeper === null ? { why: "the supervisor is starting", adrift: [] } : { sets };
  } catch (error) {
    if (error instanceof FenceError) return { why: error.message, adrift: [] };
    throw error;
  } finally {
    client?.close();
  }
}

function factsOf(spec: Spec, name: string, seen: Seen): SiteWorker {
  const wanted = spec.workers.find((worker) => worker.name === name)?.count ?? 0;
  if ("why" in seen) {
    const serving = seen.adrift.filter(({ worker, state }) => worker === name && state === "serves").length;
    const left =
      serving === 0 ? "" : `; ${serving} of its processes ${serving === 1 ? "serves" : "serve"} on`;
    return { name, state: "unknown", running: null, count: wanted, problem: `${seen.why}${left}` };
  }
  const set = seen.sets.find(({ worker }) => worker === name);
  if (set === undefined)
    return {
      name,
      state: "unknown",
      running: null,
      count: wanted,
      problem: "the supervisor does not know it",
    };
  const running = set.processes.filter(({ state }) => state === "runs").length;
  return { name, state: set.state, running, count: set.count, problem: set.trouble?.why ?? null };
}

/** `worker app: runs, 2 of 2` */
export function siteWorkerText({ name, state, running, count, problem }: SiteWorker): string {
  const numbers = running === null ? "" : `, ${running} of ${count}`;
  return printable(`worker ${name}: ${state}${numbers}${problem === null ? "" : ` (${problem})`}`);
}

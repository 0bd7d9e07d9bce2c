import type { StatusCell } from "../apply/types.js";
import type { HistorySite } from "../switch/history.js";
import { lookAt, type Planned } from "./machine.js";
import { bySite, type StatusLook } from "./status-view.js";
import { workersOfSites } from "./status-workers.js";

/** One look at these sites, and at what is under way. */
export async function look(made: Planned, sites: readonly string[]): Promise<StatusLook> {
  const { unfinished } = await import("../apply/status.js");
  const [cells, workers] = await Promise.all([lookAt(made, sites), workersOfSites(made.spec, sites)]);
  const groups = bySite(cells, sites);
  const whys = await whysOf(made, cells);
  return {
    spec: made.spec,
    groups,
    workers,
    whys,
    unfinished: unfinished(made.spec.stateDir),
    nowMs: Date.now(),
  };
}

/** A change that is older than so many others is no news. */
const CHANGES = 100;

/** Why sites are not up that nobody gave a reason for, by the history. */
async function whysOf({ spec }: Planned, cells: readonly StatusCell[]): Promise<Map<string, string>> {
  const { readHistory } = await import("../switch/history.js");
  const silent = cells.filter(({ desired }) => desired.mode !== "up" && desired.reason === "");
  const whys = new Map<string, string>();
  if (silent.length === 0) return whys;
  const changes = readHistory(spec.stateDir, CHANGES);
  for (const { site, desired } of silent) {
    const isOurs = (one: HistorySite): boolean => one.site === site && one.generation === desired.generation;
    const change = changes.find(({ sites }) => sites.some(isOurs));
    if (change !== undefined && change.why !== "") whys.set(site, `${change.why} (${change.by})`);
  }
  return whys;
}

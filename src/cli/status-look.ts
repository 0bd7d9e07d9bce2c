import { lookAt, type Planned } from "./machine.js";
import { bySite, type StatusLook } from "./status-view.js";
import { workersOfSites } from "./status-workers.js";

/** One look at these sites, and at what is under way. */
export async function look(made: Planned, sites: readonly string[]): Promise<StatusLook> {
  const { unfinished } = await import("../apply/status.js");
  const [cells, workers] = await Promise.all([lookAt(made, sites), workersOfSites(made.spec, sites)]);
  const groups = bySite(cells, sites);
  return { spec: made.spec, groups, workers, unfinished: unfinished(made.spec.stateDir), nowMs: Date.now() };
}

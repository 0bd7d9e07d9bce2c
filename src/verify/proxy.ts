import { activeGeneration, sync } from "./control-sync.js";
import type { ObserveWorkers } from "./types.js";

/**
 * Has the proxy read the active variant, and compares the generation. The process is its own only worker, and it knows
 * what it has at the backends.
 */
export const observeWorkers: ObserveWorkers = async (point, _server, masterPid) => {
  const silent = { pid: masterPid, settled: null, detail: null };
  const none = (problem: string) => ({ workers: [silent], inflight: null, held: null, problem });
  if (point.controlSocket === null) return none("no control socket");
  try {
    const report = await sync(point.controlSocket, point.site);
    const active = await activeGeneration(point.active);
    if (report.pid !== masterPid)
      return none(`process ${report.pid} answers on the control socket, not the proxy ${masterPid}`);
    const settled = report.synced && report.generation === active;
    const detail = `generation ${report.generation ?? "none"}`;
    const problem = report.synced ? null : "the proxy cannot read the active variant";
    const { inflight, held } = report;
    return { workers: [{ pid: masterPid, settled, detail }], inflight, held, problem };
  } catch (error) {
    return none(`${point.controlSocket}: ${(error as Error).message}`);
  }
};

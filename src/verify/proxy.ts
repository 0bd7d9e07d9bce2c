import { readFileSync } from "node:fs";
import { childrenOf } from "../base/process-info.js";
import { activeGeneration, sync } from "./control-sync.js";
import type { ObserveWorkers, WorkerReport } from "./types.js";

/** What /proc/PID/comm says of a worker process. */
const WORKER_NAME = "fence-worker";

/**
 * Has the proxy read the active variant in every process that serves, and compares the generation. Which ones these are
 * the system tells, too: a worker that the proxy forgot would still answer its clients.
 */
export const observeWorkers: ObserveWorkers = async (point, _server, masterPid) => {
  const none = (problem: string) => ({ workers: silent(masterPid), inflight: null, held: null, problem });
  if (point.controlSocket === null) return none("no control socket");
  try {
    const report = await sync(point.controlSocket, point.site);
    const active = await activeGeneration(point.active);
    if (report.pid !== masterPid)
      return none(`process ${report.pid} answers on the control socket, not the proxy ${masterPid}`);
    const settled = report.synced && report.generation === active;
    const detail = `generation ${report.generation ?? "none"}`;
    const answered = report.workers.map((pid): WorkerReport => ({ pid, settled, detail }));
    const others = workersOf(masterPid).filter((pid) => !report.workers.includes(pid));
    const workers = [...answered, ...others.map((pid) => ({ pid, settled: null, detail: null }))];
    const problem = report.synced ? null : "the proxy cannot read the active variant in every worker";
    const { inflight, held } = report;
    return { workers, inflight, held, problem };
  } catch (error) {
    return none(`${point.controlSocket}: ${(error as Error).message}`);
  }
};

function silent(masterPid: number): WorkerReport[] {
  const pids = workersOf(masterPid);
  return (pids.length > 0 ? pids : [masterPid]).map((pid) => ({ pid, settled: null, detail: null }));
}

/** The worker processes that live; none: the proxy serves by itself. */
function workersOf(masterPid: number): number[] {
  return childrenOf(masterPid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, "latin1").trim() === WORKER_NAME;
    } catch {
      return false;
    }
  });
}

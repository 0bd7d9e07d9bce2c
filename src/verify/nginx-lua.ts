import { activeGeneration, sync, type SyncReport } from "./control-sync.js";
import { nginxWorkers, type NginxWorker } from "./nginx-workers.js";
import type { ObserveWorkers, WorkerReport } from "./types.js";

/**
 * Has nginx read the active variant into the memory that all workers share, and compares the generation. A worker of
 * this master that runs the present config has that memory; one that has judged requests has said so by its pid.
 */
export const observeWorkers: ObserveWorkers = async (point, _server, masterPid) => {
  const none = (problem: string) => ({ workers: silent(nginxWorkers(masterPid)), inflight: null, problem });
  if (point.controlSocket === null) return none("no control socket");
  let report: SyncReport;
  let active: number;
  try {
    report = await sync(point.controlSocket, point.site);
    active = await activeGeneration(point.active);
  } catch (error) {
    return none(`${point.controlSocket}: ${(error as Error).message}`);
  }
  const workers = nginxWorkers(masterPid);
  const answering = workers.find((worker) => worker.pid === report.pid);
  if (!answering)
    return none(
      `process ${report.pid}, which answers on the control socket, is no worker of master ${masterPid}`,
    );
  return {
    workers: workers.map((worker) => reportOf(worker, report, active)),
    inflight: report.inflight,
    held: report.held,
    problem: report.synced ? null : "the shared copy of the state could not be brought up to date",
  };
};

function reportOf(worker: NginxWorker, report: SyncReport, active: number): WorkerReport {
  const { pid } = worker;
  const copy = `generation ${report.generation ?? "none"}`;
  const isActive = report.synced && report.generation === active;
  if (report.workers.includes(pid) || pid === report.pid) return { pid, settled: isActive, detail: copy };
  if (worker.isShuttingDown) return { pid, settled: true, detail: "shutting down, takes no new requests" };
  // It runs the config of the worker that answered, and so has its memory.
  return { pid, settled: isActive, detail: `${copy}, no request judged yet` };
}

function silent(workers: readonly NginxWorker[]): WorkerReport[] {
  return workers.map(({ pid }) => ({ pid, settled: null, detail: null }));
}

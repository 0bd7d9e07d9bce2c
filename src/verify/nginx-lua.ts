import { readlink } from "node:fs/promises";
import http from "node:http";
import { nginxWorkers, type NginxWorker } from "./nginx-workers.js";
import type { ObserveWorkers, WorkerReport } from "./types.js";

const TIMEOUT_MS = 2000;
const BODY_BYTES_MAX = 64 * 1024;

/** What POST /sync answers. */
interface SyncReport {
  /** The worker that answered. */
  pid: number;
  /** The shared copy is as the file was during the request; false: another worker was reading it all the while. */
  synced: boolean;
  generation: number | null;
  /** Workers that have judged a request from this shared copy, some of them long gone. */
  workers: readonly number[];
}

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
    // `main.12`
    active = Number(/\.(\d+)$/.exec(await readlink(point.active))?.[1]);
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
    inflight: null,
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

function sync(socketPath: string, site: string): Promise<SyncReport> {
  const options: http.RequestOptions = {
    socketPath,
    path: `/sync?site=${site}`,
    method: "POST",
    headers: { Host: "fence", Connection: "close", "Content-Length": "0" },
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > BODY_BYTES_MAX) response.destroy(new Error("the answer is too large"));
      });
      response.on("error", reject);
      response.on("end", () => {
        const report = response.statusCode === 200 ? parse(body) : null;
        if (report) resolve(report);
        else reject(new Error(`status ${response.statusCode}, not an answer of fence`));
      });
    });
    const deadline = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    request.on("close", () => clearTimeout(deadline));
    request.on("error", reject);
    request.end();
  });
}

function parse(body: string): SyncReport | null {
  try {
    const value = JSON.parse(body) as Partial<SyncReport> | null;
    const { pid, synced, generation, workers } = value ?? {};
    if (typeof pid !== "number" || typeof synced !== "boolean" || !Array.isArray(workers)) return null;
    return { pid, synced, generation: typeof generation === "number" ? generation : null, workers };
  } catch {
    return null;
  }
}

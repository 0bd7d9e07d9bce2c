import { nginxWorkers } from "./nginx-workers.js";
import type { ObserveWorkers } from "./types.js";

/**
 * Stock nginx reports nothing, and need not: a worker asks the file system at each request, so that the renamed symlink
 * is in force for all of them. That they run a config with the gate in it is what the probes show.
 */
export const observeWorkers: ObserveWorkers = (_point, _server, masterPid) => {
  const workers = nginxWorkers(masterPid);
  return Promise.resolve({
    workers: workers.map(({ pid, isShuttingDown }) => ({
      pid,
      settled: true,
      detail: isShuttingDown
        ? "shutting down, takes no new requests"
        : "looks at the active variant at each request",
    })),
    inflight: null,
    problem: workers.length === 0 ? `nginx (master ${masterPid}) has no worker process` : null,
  });
};

import { countInFlight } from "./nginx-in-flight.js";
import { nginxWorkers } from "./nginx-workers.js";
import type { ObserveWorkers } from "./types.js";

/**
 * Stock nginx reports nothing, and need not: a worker asks the file system at each request, so that the renamed symlink
 * is in force for all of them. That they run a config with the gate in it is what the probes show.
 */
export const observeWorkers: ObserveWorkers = async (_point, server, masterPid, { site, gate }) => {
  const workers = nginxWorkers(masterPid);
  const view = {
    workers: workers.map(({ pid, isShuttingDown }) => ({
      pid,
      settled: true,
      detail: isShuttingDown
        ? "shutting down, takes no new requests"
        : "looks at the active variant at each request",
    })),
    inflight: null,
    problem: workers.length === 0 ? `nginx (master ${masterPid}) has no worker process` : null,
  };
  if (gate === null || view.problem !== null) return view;
  const pids = workers.map(({ pid }) => pid);
  return { ...view, inflight: await countInFlight(site, server, pids), isAtLeast: true };
};

import { readFileSync, readdirSync } from "node:fs";
import { childrenOf } from "../src/base/process-info.js";

/**
 * CPU time in nanoseconds that the processes which serve have used: the workers of a master, or the process itself
 * when it has none. Source: the first field of /proc/<pid>/task/<tid>/schedstat, see proc(5).
 */
export function servingCpuNs(master: number): bigint {
  const workers = childrenOf(master);
  return (workers.length > 0 ? workers : [master]).reduce((sum, pid) => sum + cpuNs(pid), 0n);
}

function cpuNs(pid: number): bigint {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [runningNs = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return sum + BigInt(runningNs);
  }, 0n);
}

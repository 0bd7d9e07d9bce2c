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

/** A process and all that came from it, itself first. */
function processTree(root: number): number[] {
  return [root, ...childrenOf(root).flatMap(processTree)];
}

/** CPU time in nanoseconds of a whole process tree, as far as its threads still live. */
export function treeCpuNs(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + Number(cpuNs(pid)), 0);
}

/** Resident memory of a whole process tree in bytes; what processes share counts once for each of them. */
export function treeRssBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    return sum + Number(/^Rss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  }, 0);
}

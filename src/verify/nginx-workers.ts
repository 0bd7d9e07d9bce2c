import { readFileSync } from "node:fs";
import { childrenOf } from "../base/process-info.js";

export interface NginxWorker {
  pid: number;
  /** It finishes what it has begun, after a reload or at the end, and takes no new requests. */
  isShuttingDown: boolean;
}

/** The worker processes of one nginx master; cache processes are none. */
export function nginxWorkers(masterPid: number): NginxWorker[] {
  return childrenOf(masterPid).flatMap((pid) => {
    const title = titleOf(pid);
    return title.startsWith("nginx: worker process")
      ? [{ pid, isShuttingDown: title.includes("shutting down") }]
      : [];
  });
}

/** nginx writes its role over its command line. Empty when the process is gone. */
function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

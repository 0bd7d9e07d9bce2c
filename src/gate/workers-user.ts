import { readFileSync } from "node:fs";
import { childrenOf } from "../base/process-info.js";

/**
 * The number of the user that the workers of a web server are: its first child's, or its own when it has none.
 * null: it does not run.
 */
export function workersUser(pidFile: string): number | null {
  try {
    const master = Number(readFileSync(pidFile, "utf8").trim());
    if (!Number.isInteger(master) || master <= 0) return null;
    const [worker = master] = childrenOf(master);
    // The effective one is the second of four (proc_pid_status(5)).
    const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, "latin1"))?.[1];
    return uid === undefined ? null : Number(uid);
  } catch {
    return null;
  }
}

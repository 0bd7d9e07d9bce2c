import { readFileSync } from "node:fs";
import { childrenOf, userOf } from "../base/process-info.js";

/**
 * The number of the user that the workers of a web server are: its first child's, or its own when it has none.
 * null: it does not run.
 */
export function workersUser(pidFile: string): number | null {
  try {
    const master = Number(readFileSync(pidFile, "utf8").trim());
    if (!Number.isInteger(master) || master <= 0) return null;
    const [worker = master] = childrenOf(master);
    return userOf(worker);
  } catch {
    return null;
  }
}

import { isAlive, processInfo } from "../base/process-info.js";
import { placesIn } from "./places.js";
import { readRecord } from "./orphans.js";
import { programOf } from "./procfs.js";

/** What can be told of workers without a supervisor: each from the record on disk, compared with the system. */
export interface Adrift {
  worker: string;
  pid: number;
  /** gone: no process has this pid. other: another process has it by now. */
  state: "serves" | "gone" | "other";
  /** The program that has the pid. */
  program: string | null;
}

/** Empty when nothing was left, or all that was is of another boot. */
export function adriftIn(folder: string): Adrift[] {
  const record = readRecord(placesIn(folder).record);
  return (record?.processes ?? []).map(({ pid, start, tags }) => {
    const state = isAlive(pid, start) ? "serves" : processInfo(pid) === null ? "gone" : "other";
    return { worker: tags.worker, pid, state, program: state === "gone" ? null : programOf(pid) };
  });
}

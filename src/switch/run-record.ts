import { readFileSync } from "node:fs";
import { removeDurable, writeAtomic } from "../base/durable.js";
import { makeFolders } from "../base/folders.js";
import { isAlive } from "../base/process-info.js";
import { FILE_MODE, FOLDER_MODE, runRecordPath } from "./paths.js";

export const RUN_STEPS = ["switch", "command", "check", "release"] as const;
export type RunStep = (typeof RUN_STEPS)[number];

/** A `fence run` under way, on disk from before its first switch until its end: what is left when it is killed. */
export interface RunRecord {
  version: 1;
  pid: number;
  /** Start time of the process in clock ticks since boot. */
  start: string;
  by: string;
  /** The command line of fence. */
  command: string;
  /** ISO 8601. */
  startedAt: string;
  sites: readonly string[];
  /** The last one that it began. */
  step: RunStep;
}

/** null: none is under way, or the record cannot be read, which is as good as none: it only tells. */
export function readRun(stateDir: string): { record: RunRecord; isAlive: boolean } | null {
  try {
    const value = JSON.parse(readFileSync(runRecordPath(stateDir), "utf8")) as Partial<RunRecord> | null;
    if (value?.version !== 1 || !Array.isArray(value.sites)) return null;
    const texts = [value.start, value.by, value.command, value.startedAt, value.step];
    if (typeof value.pid !== "number" || texts.some((text) => typeof text !== "string")) return null;
    const record = value as RunRecord;
    return { record, isAlive: isAlive(record.pid, record.start) };
  } catch {
    return null;
  }
}

/** @throws FileError, NotDurable */
export function writeRun(stateDir: string, record: RunRecord): void {
  makeFolders(stateDir, FOLDER_MODE);
  writeAtomic(runRecordPath(stateDir), `${JSON.stringify(record, null, 2)}\n`, { mode: FILE_MODE });
}

/** @throws FileError, NotDurable */
export function removeRun(stateDir: string): void {
  removeDurable(runRecordPath(stateDir));
}

import { readFileSync, statSync } from "node:fs";
import { writeAtomic } from "../base/durable.js";
import { FenceError } from "../base/errors.js";
import type { Spec } from "../spec/types.js";
import { FILE_MODE, specRecordPath } from "./paths.js";

/** Which spec a state folder is of: the one that was applied last. */
interface SpecRecord {
  version: 1;
  /** Absolute path. */
  spec: string;
}

type Place = Pick<Spec, "file" | "stateDir">;

/**
 * Two specs name their sites and servers alike more often than not, and would switch each other's. One that has moved
 * has left nothing where it was.
 * @throws FenceError state-of-another
 */
export function refuseOtherSpec({ file, stateDir }: Place): void {
  const other = read(stateDir);
  if (other === null || other === file || isSameOrGone(other, file)) return;
  throw new FenceError("state-of-another", `${stateDir} is the state folder of ${other}, not of ${file}`, {
    hint:
      "Give this spec a state_dir, a run_dir and servers of its own; when it is to take the " +
      "place of the other: fence apply --take-over.",
  });
}

/** Must come last in what an apply writes. @throws FileError, NotDurable */
export function recordSpec({ file, stateDir }: Place): void {
  if (read(stateDir) === file) return;
  const record: SpecRecord = { version: 1, spec: file };
  writeAtomic(specRecordPath(stateDir), `${JSON.stringify(record)}\n`, { mode: FILE_MODE });
}

/** null: none was applied, or the record cannot be read, which must not keep anyone from taking a site up. */
function read(stateDir: string): string | null {
  try {
    const value = JSON.parse(readFileSync(specRecordPath(stateDir), "utf8")) as Partial<SpecRecord> | null;
    return value?.version === 1 && typeof value.spec === "string" ? value.spec : null;
  } catch {
    return null;
  }
}

/** The same file by another name, as by a symlink to the release that is in force. */
function isSameOrGone(other: string, file: string): boolean {
  try {
    const [there, ours] = [statSync(other), statSync(file)];
    return there.ino === ours.ino && there.dev === ours.dev;
  } catch {
    return true;
  }
}

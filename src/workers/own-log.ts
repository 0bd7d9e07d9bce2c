import { copyFileSync, rmSync, statSync, truncateSync } from "node:fs";

const BYTES_MAX = 1024 * 1024;

/**
 * Keeps `workers.log` from growing for ever. It is what the supervisor and the keeper have as stderr, appended to by both,
 * and Node cannot turn stderr to another file: what is in it goes to one beside it, and it begins anew. A line that the
 * keeper writes between the copy and the cut is lost.
 * @param file need not be there
 */
export function boundOwnLog(file: string, bytesMax = BYTES_MAX): void {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < bytesMax) return;
    keepBeside(file);
    truncateSync(file);
  } catch {
    // It is for people to read, and nothing depends on it.
  }
}

function keepBeside(file: string): void {
  const before = `${file}.1`;
  rmSync(before, { force: true });
  try {
    copyFileSync(file, before);
  } catch {
    // The disk is full: all the more reason to cut it.
    rmSync(before, { force: true });
  }
}

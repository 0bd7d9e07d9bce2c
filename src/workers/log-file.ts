import { statSync, type Stats } from "node:fs";

/** Names a file whatever its path: a rename keeps it, and another file in the place has another. */
export function fileName({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** Whether another file, or none, is in the place of the log that was opened by this path. */
export function isMoved(path: string, opened: string): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now === undefined || fileName(now) !== opened;
}

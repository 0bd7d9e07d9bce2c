import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { printable } from "../base/printable.js";

const BYTES_MAX = 4096;
const LINES_MAX = 5;
const LINE_CHARS_MAX = 300;

/** The last lines that were written to a log from an offset on; none when it cannot be read. */
export function lastWords(log: string, from: number): string[] {
  let fd: number;
  try {
    fd = openSync(log, "r");
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    // One that is shorter by now was cut off since.
    const start = Math.max(from > size ? 0 : from, size - BYTES_MAX);
    const bytes = Buffer.alloc(Math.max(0, size - start));
    const count = readSync(fd, bytes, 0, bytes.length, start);
    const lines = bytes
      .subarray(0, count)
      .toString("utf8")
      .split("\n")
      .filter((line) => line.trim() !== "");
    return lines.slice(-LINES_MAX).map((line) => printable(line.slice(0, LINE_CHARS_MAX)));
  } finally {
    closeSync(fd);
  }
}

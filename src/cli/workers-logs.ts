import { setTimeout as pause } from "node:timers/promises";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { FileError } from "../base/file-error.js";
import { printable } from "../base/printable.js";
import type { Spec } from "../spec/types.js";
import type { WorkersOptions } from "./commands/workers.js";
import type { Context } from "./context.js";

const LOOK_MS = 200;
const PIECE_BYTES = 65_536;
/** Of the end of a log, in which the last lines are looked for. */
const TAIL_BYTES = 4 * 1024 * 1024;

/** `fence workers logs`: what the processes wrote to stdout and stderr, the newest last. */
export async function showLogs(
  context: Context,
  options: WorkersOptions,
  spec: Spec,
  name: string | null,
): Promise<ExitName> {
  const found =
    name === null && spec.workers.length === 1
      ? spec.workers[0]
      : spec.workers.find((one) => one.name === name);
  if (found === undefined) {
    const known = spec.workers.map((worker) => worker.name).join(", ");
    const message = name === null ? "which worker?" : `there is no worker named ${name}`;
    throw new FenceError(name === null ? "usage" : "unknown-worker", message, {
      hint: `The workers are ${known}.`,
    });
  }
  let fd: number;
  try {
    fd = openSync(found.log, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw new FileError("read", found.log, error);
    if (!context.quiet) context.err.line(`fence: ${found.name} has written nothing yet`);
    return "ok";
  }
  try {
    const print = (line: string): void =>
      context.out.line(context.json ? JSON.stringify({ worker: found.name, line }) : printable(line));
    const { size } = fstatSync(fd);
    const tail = read(fd, Math.max(0, size - TAIL_BYTES), size);
    const lines = tail.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines.slice(-options.lines)) print(line);
    if (options.follow) await follow(context, found.log, fd, size, rest, print);
    else if (rest !== "") print(rest);
  } finally {
    closeSync(fd);
  }
  return "ok";
}

/** A log that was moved away is read to its end, then the one in its place. @param fd stays the caller's */
async function follow(
  context: Context,
  path: string,
  fd: number,
  from: number,
  begun: string,
  print: (line: string) => void,
): Promise<void> {
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  process.once("SIGINT", quit).once("SIGTERM", quit);
  let at = from;
  let rest = begun;
  let own: number | null = null;
  while (!stop.signal.aborted && !context.out.closed) {
    const now = own ?? fd;
    const { size, ino } = fstatSync(now);
    if (size < at) at = 0;
    if (size > at) {
      const lines = (rest + read(now, at, size)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) print(line);
      at = size;
    } else if ((statSync(path, { throwIfNoEntry: false })?.ino ?? ino) !== ino) {
      if (own !== null) closeSync(own);
      own = openSync(path, "r");
      at = 0;
    }
    await pause(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  if (own !== null) closeSync(own);
  process.off("SIGINT", quit).off("SIGTERM", quit);
}

function read(fd: number, from: number, to: number): string {
  const pieces: Buffer[] = [];
  for (let at = from; at < to;) {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, to - at));
    const count = readSync(fd, piece, 0, piece.length, at);
    if (count === 0) break;
    pieces.push(piece.subarray(0, count));
    at += count;
  }
  return Buffer.concat(pieces).toString("utf8");
}

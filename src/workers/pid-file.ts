import { readFileSync, unlinkSync } from "node:fs";
import { writeAtomic } from "../base/durable.js";
import { processInfo } from "../base/process-info.js";
import type { WorkerLog } from "./log.js";
import { programOf } from "./procfs.js";
import type { Worker } from "./types.js";

const MODE = 0o644;

/** For tools that look there; fence itself never reads a pid from it to send a signal to. @param pids null: remove it */
export function writePidFile(
  { name, pidFile }: Worker,
  pids: readonly number[] | null,
  log: WorkerLog,
): void {
  if (pidFile === null) return;
  try {
    if (pids === null) unlinkSync(pidFile);
    else writeAtomic(pidFile, pids.map((pid) => `${pid}\n`).join(""), { mode: MODE });
  } catch (error) {
    if (pids === null && (error as NodeJS.ErrnoException).code === "ENOENT") return;
    log.error("pid-file", { worker: name, text: (error as Error).message });
  }
}

/** What is wrong with the pid file, one sentence; null: it names just these processes, or there is none. */
export function pidFileLie({ pidFile }: Worker, pids: readonly number[]): string | null {
  if (pidFile === null) return null;
  let text: string;
  try {
    text = readFileSync(pidFile, "utf8");
  } catch (error) {
    if (pids.length === 0 && (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    return `${pidFile} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`;
  }
  const named = text.split("\n").filter((line) => line !== "");
  const stranger = named.find((line) => !/^\d+$/.test(line) || !pids.includes(Number(line)));
  if (stranger !== undefined) return `${pidFile} names ${whoIs(stranger)}, which is none of them`;
  const left = pids.find((pid) => !named.includes(String(pid)));
  return left === undefined ? null : `${pidFile} does not name ${left}`;
}

function whoIs(line: string): string {
  if (!/^\d+$/.test(line)) return JSON.stringify(line.slice(0, 40));
  return processInfo(Number(line)) === null
    ? `${line}, which is no process`
    : `${line} (${programOf(Number(line))})`;
}

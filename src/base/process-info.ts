import { readFileSync, readdirSync } from "node:fs";
import { waitUntil } from "./clock.js";

const LOOK_MS = 20;

/** States of /proc/<pid>/stat: T is stopped by a signal, Z is a zombie. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  /** One letter of proc(5), e.g. `R`, `S`, `T`, `Z`. */
  state: string;
  /** Clock ticks since boot; with the pid it names one process for the life of the machine. */
  start: string;
  /** Of a zombie: 1, or more while others than the first have not ended. */
  threads: number;
}

/** What /proc says of a process; null when there is none (or no /proc). */
export function processInfo(pid: number): ProcessInfo | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  const [threads, start] = [fields[17], fields[19]];
  if (state === undefined || parent === undefined || start === undefined) return null;
  return { pid, parent: Number(parent), state, start, threads: Number(threads) };
}

/**
 * Whether exactly this process still runs: a zombie, or another process with the same pid, does not count. One whose first
 * thread has ended before the others is shown as a zombie, and still has its files, sockets and locks.
 */
export function isAlive(pid: number, start: string): boolean {
  const info = processInfo(pid);
  return info !== null && info.start === start && (info.state !== "Z" || info.threads > 1);
}

/** Waits for the end of exactly this process. @returns false when it still lives after so long */
export async function endsWithin(pid: number, start: string, timeoutMs: number): Promise<boolean> {
  const look = (): true | null => (isAlive(pid, start) ? null : true);
  return (await waitUntil(look, { timeoutMs, intervalMs: LOOK_MS })) !== null;
}

/** Of the times in /proc/<pid>/stat: USER_HZ is 100 on all that Linux runs on nowadays. */
const TICK_MS = 10;

/** Milliseconds that a process has run, by no clock that can be set. @param start of the process; empty: not known, and 0 */
export function ageMs(start: string): number {
  const own = processInfo(process.pid)?.start ?? "";
  if (start === "" || own === "") return 0;
  // Not from /proc/uptime, which some containers have for themselves alone.
  return Math.max(0, process.uptime() * 1000 + (Number(own) - Number(start)) * TICK_MS);
}

/** The number of the user that a process is; null: it is gone. */
export function userOf(pid: number): number | null {
  try {
    // The effective one is the second of four (proc_pid_status(5)).
    const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return uid === undefined ? null : Number(uid);
  } catch {
    return null;
  }
}

/** The pids of the children of a process, in rising order; empty when it is gone. */
export function childrenOf(pid: number): number[] {
  const pids = new Set<number>();
  let tasks: string[];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  for (const task of tasks) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/task/${task}/children`, "latin1");
    } catch {
      // The thread ended, or the kernel has no CONFIG_PROC_CHILDREN: look at every process instead.
      return childrenByScan(pid);
    }
    for (const word of text.split(" ")) if (word !== "") pids.add(Number(word));
  }
  return [...pids].sort((a, b) => a - b);
}

function childrenByScan(parent: number): number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (/^\d+$/.test(name) && processInfo(Number(name))?.parent === parent) pids.push(Number(name));
  }
  return pids.sort((a, b) => a - b);
}

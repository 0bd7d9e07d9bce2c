import { readFileSync } from "node:fs";
import { join } from "node:path";
import { removeDurable, writeAtomic } from "../base/durable.js";
import { childrenOf, processInfo } from "../base/process-info.js";
import type { Server, Spec } from "../spec/types.js";

/** A server that runs on an older config than the one on disk, noted until it reloads or ends. */
interface Pending {
  pid: number;
  /** With the pid it names one process for the life of the machine. */
  start: string;
  workers: number[];
}

/** Must come before the server can have reloaded. @throws FileError, NotDurable */
export function notePending(spec: Spec, server: Server, pid: number): void {
  const pending: Pending = { pid, start: processInfo(pid)?.start ?? "", workers: childrenOf(pid) };
  writeAtomic(fileOf(spec, server), `${JSON.stringify(pending)}\n`, { mode: 0o600 });
}

/** @throws FileError, NotDurable */
export function clearPending(spec: Spec, server: Server): void {
  removeDurable(fileOf(spec, server));
}

/**
 * Whether the process still has to reload. nginx has new workers after a reload by hand; of lighttpd, which stays the
 * same process, that cannot be told.
 */
export function isPending(spec: Spec, server: Server, pid: number): boolean {
  const pending = read(fileOf(spec, server));
  if (pending === null || pending.pid !== pid || pending.start !== processInfo(pid)?.start) return false;
  return server.kind === "lighttpd" || childrenOf(pid).every((worker) => pending.workers.includes(worker));
}

function read(file: string): Pending | null {
  try {
    const value = JSON.parse(readFileSync(file, "utf8")) as Partial<Pending> | null;
    return typeof value?.pid === "number" && Array.isArray(value.workers) ? (value as Pending) : null;
  } catch {
    return null;
  }
}

/** Below the run folder: a reboot ends the server and what was to be remembered of it. */
function fileOf(spec: Spec, server: Server): string {
  return join(spec.runDir, server.name, "reload-pending.json");
}

import { readFileSync } from "node:fs";
import { monotonicMs, sleep } from "../base/clock.js";
import { isAlive, endsWithin } from "../base/process-info.js";
import { send, signalIfIdle } from "./idle.js";
import type { Kept, KeeperRecord } from "./keeper-types.js";
import { bootId, waitingConnections } from "./procfs.js";
import type { Worker } from "./types.js";

const LOOK_MS = 20;
/** Far more than the threads of a process that was killed need to end on a machine that is busy. */
const KILLED_MS = 10_000;

/** A worker whose keeper was killed: it serves on, from a socket that nobody else has any more. */
export type Orphan = Pick<Kept, "pid" | "start" | "bound" | "tags">;

/** What a keeper that is no more has left on disk; null: nothing that means anything on this boot. */
export function readRecord(file: string): KeeperRecord | null {
  let record: KeeperRecord;
  try {
    record = JSON.parse(readFileSync(file, "utf8")) as KeeperRecord;
  } catch {
    return null;
  }
  return record.schema === 1 && record.boot === bootId() ? record : null;
}

/**
 * Those that still live, of a keeper that does not. One that was killed just now has its sockets until its last thread has
 * ended, and nobody answers for it any more: a port could not be opened again before.
 * @param keeper pid of the one that answers
 */
export async function orphansIn(record: KeeperRecord | null, keeper: number): Promise<Orphan[]> {
  if (record === null || record.pid === keeper) return [];
  if (!(await endsWithin(record.pid, record.start, KILLED_MS))) return [];
  const living = record.processes.filter(({ pid, start }) => isAlive(pid, start));
  // The keeper may have been killed while it had them stopped.
  for (const { pid } of living) send(pid, "SIGCONT");
  return living;
}

/** Ends orphans when their queue is empty and they hold nothing. @returns connections that were cut at the end of the grace */
export async function removeOrphans(orphans: readonly Orphan[], worker: Worker): Promise<number> {
  const deadline = monotonicMs() + worker.graceMs;
  const cuts = await Promise.all(orphans.map((orphan) => remove(orphan, deadline)));
  return cuts.reduce((sum, cut) => sum + cut, 0);
}

async function remove({ pid, start, bound }: Orphan, deadline: number): Promise<number> {
  for (;;) {
    if (!isAlive(pid, start)) return 0;
    const isLate = monotonicMs() >= deadline;
    // No new connections come to the queue of a unix socket whose file is another's by now; those of a port go on.
    const isEmpty = bound.kind === "tcp" || waitingConnections(bound) === 0;
    const { sent, connections } = isEmpty
      ? signalIfIdle(pid, bound, "SIGKILL")
      : { sent: false, connections: 1 };
    if (!sent && isLate) {
      send(pid, "SIGKILL");
      await endsWithin(pid, start, KILLED_MS);
      return connections ?? 1;
    }
    await sleep(LOOK_MS);
  }
}

import { monotonicMs, sleep } from "../base/clock.js";
import type { IdleAnswer, Kept } from "./keeper-types.js";
import { Pins } from "./pins.js";
import type { Processes } from "./processes.js";
import { waitingConnections } from "./procfs.js";
import type { Worker } from "./types.js";

const LOOK_MS = 15;
/** A client that had found the old socket file in the moment of the change is in its queue by then. */
const LAST_COMERS_MS = 50;
/** From the signal to an idle process until it is looked at again. */
const END_MS = 1000;
const KILL_MS = 10_000;

/**
 * Ends processes without a request being lost: each in a moment in which it holds no connection and can take none. One that
 * heeds its stop signal only with the next request gets SIGKILL then: any other signal would cost that request.
 *
 * A unix socket was replaced by another before: its queue runs dry, and then they are idle. A port is shared with those
 * that take over, and under load they would never be idle: there they are kept busy by connections of our own.
 * @returns how many connections were still open when the grace was over, and were ended with their process
 */
export async function retireAll(
  processes: Processes,
  kepts: readonly Kept[],
  worker: Worker,
): Promise<number> {
  const living = kepts.filter(({ id }) => processes.exits.isRunning(id));
  const [first] = living;
  if (first === undefined) return 0;
  for (const kept of living) await processes.tag(kept, { role: "retires" });
  const { bound } = first;
  if (bound.kind === "unix") await sleep(LAST_COMERS_MS);
  const pins = bound.kind === "tcp" ? new Pins(bound) : null;
  const graceEnd = monotonicMs() + worker.graceMs;
  let left = living;
  try {
    while (left.length > 0 && monotonicMs() < graceEnd) {
      // Whoever is idle now may be wanted for what waits.
      if (pins !== null || waitingConnections(bound) === 0) {
        const pinned = (await pins?.look(left)) ?? new Set<number>();
        await Promise.all(left.map((kept) => endIfIdle(processes, kept, worker, pinned.has(kept.pid), pins)));
      }
      left = left.filter(({ id }) => processes.exits.isRunning(id));
      if (left.length > 0) await sleep(LOOK_MS);
    }
  } finally {
    pins?.end();
  }
  const cuts = await Promise.all(left.map((kept) => endNow(processes, kept, worker)));
  return cuts.reduce((sum, cut) => sum + cut, 0);
}

/** @param isPinned it waits for a word on a connection of our own: that one does not count */
async function endIfIdle(
  { exits, keeper }: Processes,
  { id, pid, tags }: Kept,
  worker: Worker,
  isPinned: boolean,
  pins: Pins | null,
): Promise<void> {
  const signal: NodeJS.Signals = tags.heeds ? `SIG${worker.stopSignal}` : "SIGKILL";
  const ours = isPinned ? (pins?.inodesOf(pid) ?? []) : [];
  const answer = await keeper.ask("endIfIdle", { id, signal, ours });
  if (!answer.sent) return;
  pins?.release(pid);
  if ((await exits.within(id, END_MS)) !== null) return;
  // It does not, this time: as the others that heed no signal while they wait.
  tags.heeds = false;
}

/** The grace is over. */
async function endNow({ exits, keeper }: Processes, { id }: Kept, worker: Worker): Promise<number> {
  const { connections }: IdleAnswer = await keeper.ask("endIfIdle", { id, signal: "SIGKILL", ours: [] });
  if (!exits.isRunning(id) || connections === 0) {
    await exits.within(id, KILL_MS);
    return 0;
  }
  await keeper.ask("signal", { id, signal: `SIG${worker.stopSignal}`, group: false });
  if ((await exits.within(id, worker.stopTimeoutMs)) === null) {
    await keeper.ask("signal", { id, signal: "SIGKILL", group: true });
    await exits.within(id, KILL_MS);
  }
  return connections ?? 1;
}

import { randomInt } from "node:crypto";
import { monotonicMs, sleep } from "../base/clock.js";
import type { Address } from "../spec/types.js";
import type { Generation, Kept, SocketFacts } from "./keeper-types.js";
import { acceptedInodes, groupMembers, isPolled, openSockets } from "./procfs.js";
import type { Processes } from "./processes.js";
import { holdOpen, readyQuestion } from "./ready.js";
import { notReady, placeOf } from "./trial.js";

const PROBES_MAX = 8;
/**
 * Processes that wait in accept(2) are served in turn. With as many probes in each round the same ones would get them
 * again and again, and the question always the one that is missed.
 */
const EXTRA_PROBES_MAX = 2;
/** As long a probe may keep one of the old processes from its work, and a little more. */
const ACCEPT_MS = 10;
const BETWEEN_MS = 10;

/**
 * Waits until every one of these processes takes connections from the socket that it shares with others. Which of them gets
 * a connection is the system's choice, so that they are watched: one that holds a connection of the socket, or waits for
 * one by epoll, has come so far. Meanwhile real questions are asked, and each must be answered well.
 * @throws FenceError worker-not-ready
 */
export async function proveTaking(
  processes: Processes,
  { worker }: Generation,
  socket: SocketFacts,
  started: readonly Kept[],
): Promise<void> {
  const deadline = monotonicMs() + worker.ready.timeoutMs;
  const place = placeOf(socket);
  const ask = readyQuestion(worker);
  let missing = [...started];
  let problem: string | null = null;
  for (;;) {
    const dead = started.find(({ id }) => !processes.exits.isRunning(id));
    if (dead !== undefined) throw notReady(worker, "a process ended at its start", dead);
    missing = await watch(place, socket.inode, missing);
    const left = deadline - monotonicMs();
    problem = await ask(place, Math.max(1, left)).then(
      () => null,
      ({ message }: Error) => message,
    );
    if (missing.length === 0 && problem === null) break;
    if (left <= 0) {
      const why = problem ?? `${missing.length} of ${started.length} processes took no connection`;
      throw notReady(worker, `${why} (within ${worker.ready.timeoutMs / 1000} s)`, missing[0] ?? null);
    }
    await sleep(BETWEEN_MS);
  }
  for (const kept of started)
    if (processes.exits.isRunning(kept.id)) await processes.tag(kept, { proven: true });
}

/** @returns those that have still not been seen to take a connection */
async function watch(place: Address, inode: string, missing: readonly Kept[]): Promise<Kept[]> {
  const [first] = missing;
  if (first === undefined) return [];
  const groups = missing.map((kept) => ({ kept, members: groupMembers(kept.pid) }));
  const count = Math.min(PROBES_MAX, missing.length) + randomInt(EXTRA_PROBES_MAX + 1);
  const probes = await Promise.all(Array.from({ length: count }, () => holdOpen(place)));
  // To be accepted, and then seen; each look may take long where the system has many connections.
  await sleep(ACCEPT_MS);
  const open = groups.map(({ members }) => openOf(members));
  // Before the probes end: a closed connection is in the table no more.
  const accepted = acceptedInodes(first.bound);
  for (const probe of probes) probe?.destroy();
  return groups
    .filter(
      ({ members }, index) =>
        ![...(open[index] ?? [])].some((socket) => accepted.has(socket)) &&
        !members.some((pid) => isPolled(pid, inode)),
    )
    .map(({ kept }) => kept);
}

function openOf(members: readonly number[]): ReadonlySet<string> {
  try {
    return openSockets(members);
  } catch {
    // Its descriptors may not be read: it is changing its user.
    return new Set();
  }
}

import { monotonicMs, sleep, waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { Address } from "../spec/types.js";
import type { Generation, Kept, SocketFacts } from "./keeper-types.js";
import { lastWords } from "./last-words.js";
import type { Places } from "./places.js";
import type { Processes } from "./processes.js";
import { groupMembers, heldConnections } from "./procfs.js";
import { holdOpen, readyQuestion, type AskReady } from "./ready.js";
import { endText, type Ending } from "./restart-policy.js";
import type { SocketWish } from "./socket-place.js";

const RETRY_MS = 100;
const LOOK_MS = 10;
/** One that ends later than this on its signal does not do so while it waits for a connection. */
const HEED_MS = 1000;
const BACKLOG = 16;

/**
 * Starts one process of a generation on a socket of its own, has it answer the ready question, and ends it: what is wrong
 * with new code shows before any client can meet it.
 * @returns whether it ends on its stop signal also while it waits for a connection
 * @throws FenceError worker-not-ready, worker-unfit, worker-socket
 */
export async function tryOut(processes: Processes, places: Places, generation: Generation): Promise<boolean> {
  const { worker } = generation;
  const name = `${worker.name}#trial`;
  await processes.keeper.ask("close", { name });
  const socket = await processes.open(name, trialWish(places, generation), true);
  let kept: Kept | null = null;
  try {
    kept = await processes.start(generation, name, { slot: 0, role: "trial", restarts: 0 });
    const ask = readyQuestion(worker);
    const place = placeOf(socket);
    await answersWell(processes, kept, (left) => ask(place, left), worker);
    return await endsAsAsked(processes, kept, worker, ask, place);
  } catch (error) {
    if (error instanceof FenceError) throw error;
    throw notReady(worker, (error as Error).message, kept);
  } finally {
    if (kept !== null) await processes.kill(kept);
    await processes.keeper.ask("close", { name });
  }
}

/** Of the same kind as the real one: a program may look at what it is given. */
function trialWish(places: Places, { worker, launch }: Generation): SocketWish {
  if (worker.socket.kind === "tcp")
    return { kind: "tcp", address: worker.socket.address, port: 0, backlog: BACKLOG };
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, ...launch.account };
  return { kind: "unix", path: places.trial(worker.name), mode: 0o600, backlog: BACKLOG, ...owner };
}

/** Where a socket is connected to from this machine, be it in its place or not. */
export function placeOf({ bound, wish, placed }: SocketFacts): Address {
  if (bound.kind === "tcp") return { kind: "tcp", host: loopbackOf(bound.address), port: bound.port };
  return { kind: "unix", path: placed && wish.kind === "unix" ? wish.path : bound.name };
}

/** Whoever listens on every address is reached on this machine's own. */
export function loopbackOf(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

/** @throws FenceError worker-not-ready */
async function answersWell(
  processes: Processes,
  kept: Kept,
  ask: (timeoutMs: number) => Promise<void>,
  worker: Generation["worker"],
): Promise<void> {
  const deadline = monotonicMs() + worker.ready.timeoutMs;
  const ended = processes.exits.expect(kept.id).then((ending) => ({ ending }));
  for (;;) {
    const left = Math.max(1, deadline - monotonicMs());
    const asked = ask(left).then(
      () => null,
      ({ message }: Error) => ({ message }),
    );
    const outcome = await Promise.race([asked, ended]);
    if (outcome === null) return;
    if ("ending" in outcome) throw notReady(worker, diedText(outcome.ending), kept);
    const ending = await processes.exits.within(kept.id, Math.min(RETRY_MS, left));
    if (ending !== null) throw notReady(worker, diedText(ending), kept);
    if (monotonicMs() >= deadline)
      throw notReady(worker, `${outcome.message} (within ${worker.ready.timeoutMs / 1000} s)`, kept);
  }
}

function diedText(ending: Ending): string {
  return `the process ${endText(ending)}`;
}

async function endsAsAsked(
  processes: Processes,
  kept: Kept,
  worker: Generation["worker"],
  ask: AskReady,
  place: Address,
): Promise<boolean> {
  const { exits, keeper } = processes;
  const signal = `SIG${worker.stopSignal}` as const;
  const deadline = monotonicMs() + worker.stopTimeoutMs;
  while (!(await keeper.ask("endIfIdle", { id: kept.id, signal, ours: [] })).sent && monotonicMs() < deadline)
    await sleep(LOOK_MS);
  if ((await exits.within(kept.id, HEED_MS)) !== null) return true;
  // Some take the signal to heart only with the next request, which they may answer or not; one that is slow to end does
  // not take it.
  const takesMore = await takesConnection(processes, kept, place);
  const isAnswered = await ask(place, Math.max(1, deadline - monotonicMs())).then(
    () => true,
    () => false,
  );
  const ending = await exits.within(kept.id, Math.max(1, deadline - monotonicMs()));
  if (ending !== null) return !takesMore && !isAnswered;
  const why = `the process does not end within ${worker.stopTimeoutMs / 1000} s of ${signal}`;
  throw notReady(worker, why, kept, 'Mend the program, or set stop_signal = "KILL" if it is to be ended so.');
}

/** Whether a process accepts a connection on which nothing is said. */
async function takesConnection({ exits }: Processes, kept: Kept, place: Address): Promise<boolean> {
  const socket = await holdOpen(place);
  const taken = await waitUntil(
    () => {
      if (!exits.isRunning(kept.id)) return "ended";
      return heldConnections(groupMembers(kept.pid), kept.bound) > 0 ? "taken" : null;
    },
    { timeoutMs: HEED_MS, intervalMs: LOOK_MS },
  );
  socket?.destroy();
  return taken === "taken";
}

/** For a person, with what the process said last. */
export function notReady(
  worker: Generation["worker"],
  why: string,
  kept: Kept | null,
  hint: string | null = null,
): FenceError {
  const words = kept === null ? [] : lastWords(worker.log, kept.logFrom);
  const said =
    words.length === 0 ? `It said nothing; ${worker.log} is its log.` : `It said: ${words.join(" | ")}`;
  return new FenceError("worker-not-ready", `worker ${worker.name} is not ready: ${why}`, {
    hint: hint ?? said,
  });
}

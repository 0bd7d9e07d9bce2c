import { monotonicMs, sleep } from "../base/clock.js";
import type { SwitchPoint } from "../servers/adapter.js";
import type { Site } from "../spec/types.js";
import type { Change } from "./change.js";
import type { Conduct } from "./conduct.js";
import type { Traffic } from "../verify/types.js";
import type { SiteOutcome } from "./types.js";

const LOOK_MS = 50;

/** What one look at all servers of a site has counted. */
interface Count {
  /** null: a server did not tell. */
  left: number | null;
  /** There may be more, unless it is 0. */
  isAtLeast: boolean;
  /** Why a server did not; null: all did. */
  problem: string | null;
}

/**
 * Waits, behind a proven switch, until a hold is drained: no request of the site is with its backends. Or, when a hold
 * is over, until none of those that waited still does. At the deadline the mode stays, and the outcome says how many
 * are left.
 * @param was what is in force was reached from a hold
 */
export async function drain(
  outcome: SiteOutcome,
  site: Site,
  points: readonly SwitchPoint[],
  was: boolean,
  conduct: Conduct,
): Promise<SiteOutcome> {
  const isHold = outcome.to === "hold";
  const isProven = outcome.result === "done" || outcome.result === "already";
  if (conduct.drain === null || !isProven || !(isHold || was)) return outcome;
  const { steps } = conduct;
  const timeoutMs = conduct.drain.timeoutMs ?? site.hold.drainTimeoutMs;
  const what = isHold ? "at the backends" : "waiting";
  steps.tell(
    "drain",
    "start",
    isHold ? "wait until no request is at the backends" : "wait until nobody waits any more",
    site.name,
  );
  const count = await countDown(site.name, points, isHold, timeoutMs, what, conduct);
  if (count.left === 0) {
    steps.end("drain", "ok", isHold ? `${site.name} is drained` : `nobody waits for ${site.name} any more`);
    return outcome;
  }
  const text = leftText(count, what);
  steps.end("drain", "failed", `${site.name}: ${text}`);
  const stopped = conduct.signal?.aborted ? "the wait was stopped" : `gave up after ${timeoutMs / 1000} s`;
  return { ...outcome, result: "not-drained", problems: [...outcome.problems, `${text}; ${stopped}`] };
}

/**
 * Waits until the servers of a site may follow the gate. Into a hold: once it holds, for what it gets before that it would
 * not keep. Out of one: once nobody waits there who could be passed by. At the deadline they may, too: the proof says
 * what a gate does that does not follow, and those that still wait are let go all the same.
 */
export async function followGate({ site, to }: Change, gate: SwitchPoint, conduct: Conduct): Promise<void> {
  if (to.mode === "hold") {
    const timeoutMs = conduct.timeoutMs ?? site.settle.timeoutMs;
    const deadline = monotonicMs() + timeoutMs;
    const isLate = (): boolean => conduct.signal?.aborted === true || monotonicMs() >= deadline;
    while ((await conduct.machine.traffic(gate)).problem !== null && !isLate())
      await sleep(LOOK_MS, conduct.signal).catch(() => {});
    return;
  }
  const timeoutMs = conduct.drain?.timeoutMs ?? site.hold.drainTimeoutMs;
  await countDown(site.name, [gate], false, timeoutMs, "waiting", conduct);
}

async function countDown(
  name: string,
  points: readonly SwitchPoint[],
  isHold: boolean,
  timeoutMs: number,
  what: string,
  { machine, steps, signal }: Conduct,
): Promise<Count> {
  const deadline = monotonicMs() + timeoutMs;
  for (let told: number | null = null; ;) {
    const views = await Promise.all(points.map((point) => machine.traffic(point)));
    const count = countOf(views, isHold);
    if (count.left === 0 || signal?.aborted || monotonicMs() >= deadline) return count;
    if (count.left !== told) steps.tell("drain", "progress", leftText(count, what), name);
    told = count.left;
    await sleep(Math.min(LOOK_MS, Math.max(1, deadline - monotonicMs())), signal).catch(() => {});
  }
}

/** A server that has stopped has nothing at its backends. */
function countOf(views: readonly Traffic[], isHold: boolean): Count {
  let left = 0;
  let isAtLeast = false;
  for (const view of views) {
    const { running, inflight, held, problem } = view;
    if (running === "no") continue;
    // Where requests wait elsewhere, or not at all, none does.
    const count = isHold ? inflight : (held?.count ?? 0);
    if (count === null || problem !== null)
      return { left: null, isAtLeast: false, problem: problem ?? "it does not count them" };
    left += count;
    if (isHold && count > 0 && view.isAtLeast === true) isAtLeast = true;
  }
  return { left, isAtLeast, problem: null };
}

function leftText({ left, isAtLeast, problem }: Count, what: string): string {
  if (left === null) return `it cannot be told how many requests are ${what}: ${problem ?? "no answer"}`;
  return `${isAtLeast ? "at least " : ""}${left} ${left === 1 ? "request is" : "requests are"} still ${what}`;
}

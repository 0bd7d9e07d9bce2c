import { isoTime } from "../base/clock.js";
import type { Plan } from "../plan/types.js";
import { stateFailure } from "../switch/failure.js";
import { appendHistory } from "../switch/history.js";
import { takeLock, type Lock } from "../switch/lock.js";
import { recover, type Recovered } from "../switch/recover.js";
import { readRun, removeRun } from "../switch/run-record.js";
import { checkPoint, checkStateFolder } from "../switch/safety.js";
import { refuseOtherSpec } from "../switch/spec-record.js";
import type { SiteState } from "../switch/types.js";
import { stopped } from "./exit-of.js";
import { shownMode } from "./hold.js";
import type { Machine } from "./machine.js";
import { provePoints } from "./settle.js";
import type { Steps } from "./steps.js";

export interface LockRequest {
  lockTimeoutMs: number;
  by: string;
  command: string;
  /** Sites that are about to be switched: recovery need not wait for their proof. */
  sites: readonly string[];
  /** Whether the state folder may be another spec's. */
  takesOver?: boolean;
  signal: AbortSignal | undefined;
}

/**
 * Runs `act` as the only fence of this state folder, after finishing or undoing what an earlier one left.
 * @throws FenceError state-not-safe, state-not-writable, lock-held, state-of-another, journal-unreadable, state-unknown-version,
 *   interrupted, terminated: nothing was changed; whatever `act` throws
 */
export async function underLock<T>(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  request: LockRequest,
  act: () => Promise<T>,
): Promise<T> {
  const { stateDir } = plan.spec;
  checkState(plan);
  steps.tell("lock", "start", `lock ${stateDir}`);
  const lock = await lockState(stateDir, steps, request, isoTime(machine.now()));
  try {
    steps.end("lock", "ok", "locked");
    if (request.takesOver !== true) refuseOtherSpec(plan.spec);
    await recoverNow(plan, machine, steps, request);
    tellCutShort(plan.spec.stateDir, steps);
    if (request.signal?.aborted) throw stopped(request.signal);
    return await act();
  } catch (error) {
    throw stateFailure(error);
  } finally {
    lock.release();
  }
}

/** @throws FenceError state-not-safe, state-not-writable */
export function checkState(plan: Plan): void {
  try {
    checkStateFolder(plan.spec.stateDir);
    for (const point of [...plan.gatePoints, ...plan.switchPoints]) checkPoint(plan.spec.stateDir, point);
  } catch (error) {
    throw stateFailure(error);
  }
}

/**
 * Takes the lock, and tells whom it waits for.
 * @param since ISO 8601, told to whoever waits for us
 * @throws FenceError lock-held, state-not-writable, interrupted, terminated
 */
export function lockState(
  stateDir: string,
  steps: Steps,
  { lockTimeoutMs, command, signal }: Pick<LockRequest, "lockTimeoutMs" | "command" | "signal">,
  since: string,
): Promise<Lock> {
  return takeLock(stateDir, {
    timeoutMs: lockTimeoutMs,
    command,
    since,
    signal,
    onWait(holder) {
      const who =
        holder === null
          ? "another fence"
          : `process ${holder.pid} (${holder.command}), since ${holder.since}`;
      steps.tell("lock", "progress", `waiting for ${who}`);
    },
  }).catch((error: unknown) => {
    throw signal?.aborted ? stopped(signal) : error;
  });
}

async function recoverNow(plan: Plan, machine: Machine, steps: Steps, request: LockRequest): Promise<void> {
  const recovered = await recover({
    stateDir: plan.spec.stateDir,
    points: [...plan.gatePoints, ...plan.switchPoints],
    async prove(site, points, state) {
      steps.tell("recover", "start", `${site} was left on its way to ${state.mode}`, site);
      if (request.sites.includes(site)) return "unproven";
      return proofOf(plan, machine, steps, site, points, state, request.signal);
    },
  });
  if (recovered === null) return;
  tellRecovered(steps, recovered);
  recordRecovered(plan.spec.stateDir, steps, recovered, request.command);
}

/** A `fence run` that was killed: its sites are as it left them, and a hold of its ends by itself. */
export function tellCutShort(stateDir: string, steps: Steps): void {
  const run = readRun(stateDir);
  if (run === null || run.isAlive) return;
  const { by, command, startedAt, sites, step } = run.record;
  steps.tell(
    "recover",
    "failed",
    `the run that ${by} began at ${startedAt} was cut short at its step ${step}: ${sites.join(", ")} (${command})`,
  );
  removeRun(stateDir);
}

async function proofOf(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  site: string,
  points: Parameters<typeof provePoints>[2],
  state: SiteState,
  signal: AbortSignal | undefined,
): Promise<"proven" | "unproven" | "staged"> {
  const { settle } = plan.spec.sites.find((one) => one.name === site) ?? {
    settle: { delayMs: 0, timeoutMs: 0 },
  };
  const { generation } = state;
  const mode = shownMode(state, machine.now());
  const proved = await provePoints(
    machine,
    steps,
    points,
    { mode, generation },
    { delayMs: 0, timeoutMs: settle.timeoutMs, signal },
  );
  const results = new Set(proved.servers.map((server) => server.result));
  if (results.size > 0 && [...results].every((result) => result === "done")) return "proven";
  return [...results].every((result) => result === "done" || result === "staged") ? "staged" : "unproven";
}

function tellRecovered(steps: Steps, recovered: Recovered): void {
  const { journal, outcome, sites } = recovered;
  for (const { site, state, problems } of sites) {
    const what = outcome === "finished" ? "finished" : "undone";
    steps.tell(
      "recover",
      problems.length > 0 ? "failed" : "ok",
      `the unfinished change of ${site} is ${what}: ${state.mode}`,
      site,
    );
    for (const problem of problems) steps.tell("recover", "failed", problem, site);
  }
  steps.end("recover", "ok", `the change that ${journal.by} began at ${journal.startedAt} is ${outcome}`);
}

function recordRecovered(stateDir: string, steps: Steps, recovered: Recovered, command: string): void {
  const { journal, outcome, sites } = recovered;
  const isUnproven = sites.some(({ state, problems }) => problems.length > 0 || state.proof === "unproven");
  const wasInForce = outcome === "finished" || journal.direction === "undo";
  const exit = !wasInForce ? "failed" : isUnproven ? "unproven" : outcome === "undone" ? "rolledBack" : "ok";
  try {
    appendHistory(stateDir, {
      version: 1,
      id: journal.id,
      at: journal.startedAt,
      by: journal.by,
      command: journal.command,
      why: journal.why,
      sites: journal.sites.map(({ site, from, to }) => ({
        site,
        from: from.mode,
        to: to.mode,
        generation: to.generation,
        result: outcome,
      })),
      steps: steps.durations,
      tookMs: 0,
      exit,
      finishedBy: command,
    });
  } catch (error) {
    // The disk may be full: that must not keep anyone from taking a site up.
    steps.tell("recover", "progress", `the history could not be written: ${(error as Error).message}`);
  }
}

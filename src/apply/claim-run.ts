import { FenceError } from "../base/errors.js";
import type { Plan } from "../plan/types.js";
import { stateFailure } from "../switch/failure.js";
import { readRun, writeRun, type RunRecord } from "../switch/run-record.js";
import { refuseOtherSpec } from "../switch/spec-record.js";
import type { Steps } from "./steps.js";
import { checkState, lockState, tellCutShort } from "./under-lock.js";

/**
 * Writes down that a run is under way, and tells of one that was killed. Under the lock, so that of two that begin at once
 * the second finds the first: each would open the sites while the other's program is at the backends.
 * @throws FenceError run-under-way, lock-held, state-of-another, state-not-safe, state-not-writable, interrupted, terminated
 */
export async function claimRun(
  plan: Plan,
  record: RunRecord,
  steps: Steps,
  { lockTimeoutMs, signal }: { lockTimeoutMs: number; signal: AbortSignal },
): Promise<void> {
  const { stateDir } = plan.spec;
  checkState(plan);
  const { command, startedAt } = record;
  const lock = await lockState(stateDir, steps, { lockTimeoutMs, command, signal }, startedAt);
  try {
    refuseOtherSpec(plan.spec);
    refuseSecond(stateDir);
    tellCutShort(stateDir, steps);
    noteRun(stateDir, record, steps);
  } catch (error) {
    throw stateFailure(error);
  } finally {
    lock.release();
  }
}

/** It only tells: a full disk must not keep a site shut. */
export function noteRun(stateDir: string, record: RunRecord, steps: Steps): void {
  try {
    writeRun(stateDir, record);
  } catch (error) {
    steps.tell("journal", "progress", (error as Error).message);
  }
}

/** @throws FenceError run-under-way */
export function refuseSecond(stateDir: string): void {
  const other = readRun(stateDir);
  if (other?.isAlive !== true) return;
  const { pid, command, startedAt } = other.record;
  const who = `process ${pid} (${command}), since ${startedAt}`;
  throw new FenceError("run-under-way", `another fence run is under way: ${who}`, {
    hint: "Wait for it, or end it.",
  });
}

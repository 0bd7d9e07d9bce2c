import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { SiteOutcome } from "./types.js";

export interface ExitFacts {
  /** Something is in force that the disk has not confirmed. */
  isLoose: boolean;
  /** The request was to wait for the proof. */
  waited: boolean;
  signal: AbortSignal | undefined;
}

/** The exit code of a change that reached the disk, the gravest first. */
export function exitOf(outcomes: readonly SiteOutcome[], facts: ExitFacts): ExitName {
  const has = (result: SiteOutcome["result"]): boolean => outcomes.some((one) => one.result === result);
  if (has("failed")) return "unproven";
  const rolledBack = outcomes.filter((one) => one.result === "rolled-back").length;
  const isStopped = facts.signal?.aborted === true;
  if (rolledBack > 0 && rolledBack < outcomes.length) return "partial";
  if (isStopped && (rolledBack > 0 || has("unproven") || has("not-drained")))
    return exitOfSignal(facts.signal as AbortSignal);
  if (rolledBack > 0) return "rolledBack";
  if (facts.isLoose || has("not-drained") || (facts.waited && has("unproven"))) return "unproven";
  return "ok";
}

/** SIGTERM when the reason says so, else SIGINT. */
function exitOfSignal(signal: AbortSignal): "interrupted" | "terminated" {
  const reason: unknown = signal.reason;
  return reason instanceof FenceError && reason.code === "terminated" ? "terminated" : "interrupted";
}

/** The error of a change that a signal stopped before its first rename. */
export function stopped(signal: AbortSignal): FenceError {
  const code = exitOfSignal(signal);
  return new FenceError(
    code,
    `stopped by ${code === "terminated" ? "SIGTERM" : "SIGINT"}; nothing was changed`,
    {
      cause: signal.reason,
    },
  );
}

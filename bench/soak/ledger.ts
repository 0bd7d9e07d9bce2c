import { LEFT } from "../../test/support/hold-clients.js";
import type { TimedOutcome } from "../load-clients.js";

/** What became of every request. */
export interface Ledger {
  sent: number;
  /** 200, with the digest of the body that was sent. */
  right: number;
  /** The maintenance answer: 503, marked, with Retry-After. */
  maintenance: number;
  /** The client did not wait for its answer; executed once or not at all. */
  left: number;
  /** Of all these, sent a second time. */
  again: number;
  /** What nothing explains, one sentence each. */
  unexplained: string[];
}

/**
 * Holds what clients saw against what the backend did. A right answer stands for one execution, the maintenance answer for
 * none, and nothing is executed twice.
 * @param executed ids of requests, one entry for each execution
 */
export function ledgerOf(outcomes: readonly TimedOutcome[], executed: readonly string[]): Ledger {
  const times = new Map<string, number>();
  for (const id of executed) times.set(id, (times.get(id) ?? 0) + 1);
  const ledger: Ledger = {
    sent: outcomes.length,
    right: 0,
    maintenance: 0,
    left: 0,
    again: 0,
    unexplained: [],
  };
  const known = new Set<string>();
  for (const outcome of outcomes) {
    known.add(outcome.id);
    if (outcome.isSecond) ledger.again += 1;
    const ran = times.get(outcome.id) ?? 0;
    const what = kindOf(outcome);
    if (what === "other") ledger.unexplained.push(`${nameOf(outcome)}: ${outcome.error || "a wrong answer"}`);
    else ledger[what] += 1;
    const isRightCount = what === "right" ? ran === 1 : what === "maintenance" ? ran === 0 : ran <= 1;
    if (!isRightCount) ledger.unexplained.push(`${nameOf(outcome)} was executed ${ran} times`);
  }
  for (const id of times.keys())
    if (!known.has(id)) ledger.unexplained.push(`${id} was executed, and nobody sent it`);
  return ledger;
}

function kindOf({
  status,
  headers,
  isRight,
  error,
}: TimedOutcome): "right" | "maintenance" | "left" | "other" {
  if (error === LEFT) return "left";
  if (status === 200 && isRight) return "right";
  const isMarked = headers["x-maintenance-mode"] === "1" && headers["retry-after"] !== undefined;
  return status === 503 && isMarked ? "maintenance" : "other";
}

function nameOf({ kind, id, status }: TimedOutcome): string {
  return `${kind} ${id} (${status === null ? "no answer" : `status ${status}`})`;
}

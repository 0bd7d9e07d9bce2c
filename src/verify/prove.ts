import { setTimeout as pause } from "node:timers/promises";
import type { Plan } from "../plan/types.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { observe } from "./observe.js";
import type { Expected, Observation, Proof } from "./types.js";

/** Looks in a row that must all show the new mode: one right answer may come from a worker that happens to be first. */
const LOOKS_IN_A_ROW = 3;
const PAUSE_MS = 20;

export interface ProveOptions {
  /** Least time before "proven" may be said. */
  delayMs: number;
  /** Deadline, from the call, monotonic. At least one look is made. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Told after each look that does not end the wait. */
  onLook?: (observation: Observation, elapsedMs: number) => void;
}

/**
 * Waits until every worker and every listener of a site on one server shows `expected`, three looks in a row.
 * Resolves with `proven: false` at the deadline or when `signal` aborts; never rejects for what a server does.
 */
export async function prove(
  plan: Plan,
  point: SwitchPoint,
  expected: Expected,
  options: ProveOptions,
): Promise<Proof> {
  const start = performance.now();
  let right = 0;
  for (;;) {
    const last = await observe(plan, point);
    const against = objections(last, expected);
    const tookMs = performance.now() - start;
    right = against.length === 0 ? right + 1 : 0;
    if (right >= LOOKS_IN_A_ROW && tookMs >= options.delayMs)
      return { proven: true, tookMs, problems: [], last };
    if (options.signal?.aborted)
      return { proven: false, tookMs, problems: ["the wait was stopped", ...against], last };
    if (tookMs >= options.timeoutMs && right < LOOKS_IN_A_ROW) {
      const problems = against.length > 0 ? against : ["the mode showed only at the deadline"];
      return { proven: false, tookMs, problems, last };
    }
    options.onLook?.(last, tookMs);
    await pause(right > 0 && right < LOOKS_IN_A_ROW ? 0 : PAUSE_MS);
  }
}

/** What in this look contradicts the expected mode; empty when it is shown everywhere. */
function objections(look: Observation, expected: Expected): string[] {
  if (look.problems.length > 0) return [...look.problems];
  if (look.running !== "yes") return [`${look.server} is not running`];
  if (look.mode !== expected.mode || look.generation !== expected.generation) {
    return [
      `${look.site} on ${look.server} shows ${look.mode}, generation ${look.generation ?? "unknown"}; ` +
        `expected ${expected.mode}, generation ${expected.generation}`,
    ];
  }
  return [];
}

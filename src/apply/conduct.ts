import type { Plan } from "../plan/types.js";
import type { Machine } from "./machine.js";
import type { Steps } from "./steps.js";

/** What the parts of one change share. */
export interface Conduct {
  plan: Plan;
  machine: Machine;
  steps: Steps;
  signal: AbortSignal | undefined;
  by: string;
  command: string;
  /** The reason that was given. */
  why: string;
  /** false: do not wait for the proof. */
  wait: boolean;
  /** null: the spec's. */
  settleMs: number | null;
  timeoutMs: number | null;
  /** Wait until a hold is drained, or those that waited are let go; null: do not. */
  drain: { timeoutMs: number | null } | null;
}

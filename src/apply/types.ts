import type { ExitName } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import type { SiteState, OnDisk } from "../switch/types.js";
import type { Observation, Proof } from "../verify/types.js";

export const STEPS = [
  "lock",
  "gate",
  "recover",
  "stage",
  "check",
  "journal",
  "commit",
  "settle",
  "proof",
  "drain",
  "command",
  "health",
  "undo",
  "done",
] as const;
export type Step = (typeof STEPS)[number];

/** Something happened in a change; the CLI prints it, `--json` emits it as one line, the TUI draws it. */
export interface StepEvent {
  step: Step;
  phase: "start" | "progress" | "ok" | "failed" | "skipped";
  site: string | null;
  server: string | null;
  /** One short sentence. */
  text: string;
  /** Since the change began, monotonic. */
  elapsedMs: number;
}

export interface SwitchRequest {
  mode: Mode;
  /** Names, all existing, no duplicates. */
  sites: readonly string[];
  /** A site of another generation than this, once the lock is taken, is left as it is and has no outcome. */
  onlyAt?: ReadonlyMap<string, number>;
  reason: string | null;
  message: string | null;
  /** For the history and the status, where there is no reason: clients are not told. */
  why?: string;
  untilMs: number | null;
  /** What a hold is to be like; null: as the spec says. */
  hold: HoldRequest | null;
  /** null: the spec's. */
  settleMs: number | null;
  timeoutMs: number | null;
  /** false: commit and do not wait for the proof. */
  wait: boolean;
  dryRun: boolean;
  ifNotRunning: "stage" | "fail";
  lockTimeoutMs: number;
  /** Who asks, for the journal and the history. */
  by: string;
  /** The command line, for whoever waits for the lock. */
  command: string;
}

/** null: what is in force, else the spec's. */
export interface HoldRequest {
  maxWaitMs: number | null;
  maxHeld: number | null;
  /** The hold ends by itself after this long. */
  forMs: number | null;
  /** How long to wait for the requests at the backends. */
  drainTimeoutMs: number | null;
}

export interface ServerOutcome {
  server: string;
  result: "done" | "staged" | "unproven" | "undone" | "failed";
  proof: Proof | null;
}

export interface SiteOutcome {
  site: string;
  from: Mode | "unknown";
  to: Mode;
  /** not-drained: a hold is proven, but requests are at the backends; or is over, but requests still wait. */
  result: "done" | "already" | "staged" | "unproven" | "rolled-back" | "failed" | "dry-run" | "not-drained";
  generation: number;
  since: string;
  /** When a hold ends by itself, Unix milliseconds; null: it is none. */
  expiresMs: number | null;
  servers: readonly ServerOutcome[];
  problems: readonly string[];
}

export interface SwitchResult {
  exit: ExitName;
  sites: readonly SiteOutcome[];
  tookMs: number;
}

/** One site on one server: desired, on disk, observed. */
export interface StatusCell {
  site: string;
  server: string;
  desired: SiteState;
  onDisk: OnDisk;
  observed: Observation;
  /** What was asked for comes to this now: a hold that has expired is another mode. */
  mode: Mode;
  /** The end that was asked for (`untilMs`) has passed and the site is still down, or a hold has expired. */
  expired: boolean;
  /** Sentences where the three differ; empty when they agree. */
  differences: readonly string[];
}

import type { HoldValues, Mode } from "../base/mode.js";

/** `<stateDir>/sites/<site>.json`: what was last asked for and brought about. A missing file means up, generation 0. */
export interface SiteState {
  version: 1;
  site: string;
  mode: Mode;
  /** Generation in force. */
  generation: number;
  /** Highest generation ever given out; a rolled-back one is not used again. */
  lastGeneration: number;
  /** ISO 8601 with milliseconds, UTC. */
  since: string;
  /** When the generation in force was made; `since` is older when only the message or the end changed. */
  changedAt: string;
  by: string;
  reason: string;
  message: string;
  retryAfterSec: number;
  untilMs: number | null;
  /** Of mode hold; null in the others. */
  hold: HoldValues | null;
  /** staged: written while the server was not running. unproven: --no-wait, or the wait was interrupted. */
  proof: "proven" | "unproven" | "staged";
}

/** What the disk says is in force on one server, read back from the active variant. */
export interface OnDisk {
  /** null: there is no active variant. "unknown": there is one that fence did not write or that was edited. */
  mode: Mode | "unknown" | null;
  generation: number | null;
}

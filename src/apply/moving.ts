import { writeState } from "../switch/state.js";
import type { SiteState } from "../switch/types.js";
import type { Change } from "./change.js";
import type { ServerOutcome, SiteOutcome } from "./types.js";

/** One site of a change under way. */
export interface Moving {
  readonly change: Change;
  /** What stands against "done"; told with the result. */
  readonly problems: string[];
  /** A commit failed: this site must go back. */
  isBroken: boolean;
  /** Something is in force that the disk has not confirmed. */
  isLoose: boolean;
  /** The disk is not yet what the journal wants: the next command goes on from there. */
  keepsJournal: boolean;
}

export function startMoving(change: Change): Moving {
  return { change, problems: [], isBroken: false, isLoose: false, keepsJournal: false };
}

/** Writes the state of a site whose variants are in force. When it cannot be written, the next command does it. */
export function saveState(stateDir: string, one: Moving, state: SiteState): void {
  try {
    writeState(stateDir, state);
  } catch (error) {
    one.isLoose = true;
    one.keepsJournal = true;
    one.problems.push((error as Error).message);
  }
}

/** @param state the one that the site is in now */
export function outcomeOf(
  one: Moving,
  result: SiteOutcome["result"],
  state: SiteState,
  servers: readonly ServerOutcome[],
): SiteOutcome {
  const { change, problems } = one;
  const { generation, since, hold } = state;
  return {
    site: change.site.name,
    from: change.before,
    to: change.to.mode,
    result,
    generation,
    since,
    expiresMs: hold?.expiresMs ?? null,
    servers,
    problems,
  };
}

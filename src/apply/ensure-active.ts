import { isoTime } from "../base/clock.js";
import type { ExitName } from "../base/exit.js";
import type { Plan } from "../plan/types.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { commit } from "../switch/commit.js";
import { holdsFiles, readOnDisk } from "../switch/on-disk.js";
import { stage, unstage } from "../switch/stage.js";
import { writeState } from "../switch/state.js";
import type { SiteState } from "../switch/types.js";
import { carryOut } from "./carry-out.js";
import { changeTo, currentOf, valuesOf, type Change, type Current } from "./change.js";
import type { Machine } from "./machine.js";
import { stageChanges } from "./staging.js";
import { Steps, type OnStep } from "./steps.js";
import type { SiteOutcome } from "./types.js";
import { underLock } from "./under-lock.js";

export interface EnsureRequest {
  /**
   * create: only give an active variant to every site and server that has none, so that the servers start; nothing
   * is proven. all: also switch the sites whose variants the spec would write differently now, to the same mode.
   */
  scope: "create" | "all";
  lockTimeoutMs: number;
  by: string;
  command: string;
  signal?: AbortSignal;
  onStep?: OnStep;
}

export interface EnsuredSite {
  site: string;
  action: "created" | "rewritten" | "kept";
  mode: SiteState["mode"];
  generation: number;
  /** Of a rewritten site; null otherwise. */
  outcome: SiteOutcome | null;
}

export interface EnsureResult {
  exit: ExitName;
  sites: readonly EnsuredSite[];
}

/**
 * Makes the active variants of all sites what the spec wants in the mode that each site is in; a site that fence has
 * never touched is up.
 * @throws FenceError when nothing was changed
 */
export async function ensureActive(
  plan: Plan,
  machine: Machine,
  request: EnsureRequest,
): Promise<EnsureResult> {
  const { by, command, lockTimeoutMs, signal } = request;
  const steps = new Steps(request.onStep);
  return underLock(plan, machine, steps, { lockTimeoutMs, by, command, sites: [], signal }, async () => {
    const sites = new Map<string, EnsuredSite>();
    const changes: Change[] = [];
    for (const { name } of plan.spec.sites) {
      const action = create(plan, machine, currentOf(plan, name), by);
      const current = currentOf(plan, name);
      const { mode, generation } = current.state;
      sites.set(name, { site: name, action, mode, generation, outcome: null });
      if (request.scope === "all" && !isAsRendered(machine, current)) changes.push(rewrite(machine, current));
    }
    if (changes.length === 0) return { exit: "ok", sites: [...sites.values()] };

    await stageChanges(plan, machine, steps, changes);
    const conduct = {
      plan,
      machine,
      steps,
      signal,
      by,
      command,
      why: "",
      wait: true,
      settleMs: null,
      timeoutMs: null,
      drain: null,
    };
    const carried = await carryOut(changes, conduct);
    for (const outcome of carried.sites) {
      const { site, to: mode, generation } = outcome;
      sites.set(site, { site, action: "rewritten", mode, generation, outcome });
    }
    return { exit: carried.exit, sites: [...sites.values()] };
  });
}

/**
 * Gives an active variant to the servers that have none. No journal: a crash leaves some without, and the next run
 * does the same again.
 * @throws FileError, NotDurable
 */
function create(plan: Plan, machine: Machine, current: Current, by: string): EnsuredSite["action"] {
  const lacking = current.points.filter((point) => readOnDisk(point).mode === null);
  if (lacking.length === 0) return "kept";
  const state = current.state.generation > 0 ? current.state : firstState(current, machine, by);
  for (const point of lacking) {
    if (!matches(machine, point, state)) {
      // Not in force, as this server has no active variant: a damaged one may go.
      unstage(point, state.generation);
      stage(point, state.generation, machine.renderVariant(point, valuesOf(state)));
    }
    commit(point, state.generation);
  }
  writeState(plan.spec.stateDir, { ...state, proof: "staged" });
  return "created";
}

/** Up, in the first generation that no one has used. */
function firstState(current: Current, machine: Machine, by: string): SiteState {
  const generation = current.lastGeneration + 1;
  const { retryAfterSec } = current.site.maintenance;
  return {
    ...current.state,
    generation,
    lastGeneration: generation,
    since: isoTime(machine.now()),
    by,
    retryAfterSec,
  };
}

/** Whether every active variant is what its server's adapter would write today, in the mode that is in force. */
function isAsRendered(machine: Machine, current: Current): boolean {
  return current.isWhole && current.points.every((point) => matches(machine, point, current.state));
}

function matches(machine: Machine, point: SwitchPoint, state: SiteState): boolean {
  return holdsFiles(point, state.generation, machine.renderVariant(point, valuesOf(state)));
}

function rewrite(machine: Machine, current: Current): Change {
  const { mode, by, reason, message, untilMs, hold } = current.state;
  const { retryAfterSec } = current.site.maintenance;
  return changeTo(current, { mode, by, reason, message, retryAfterSec, untilMs, hold }, machine.now());
}

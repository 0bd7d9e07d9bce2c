import { modeAt, type Mode } from "../base/mode.js";
import type { Plan } from "../plan/types.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { gateDoors } from "../servers/gate-doors.js";
import { readUnfinished, type Unfinished } from "../switch/journal.js";
import { lockHolder, type Holder } from "../switch/lock.js";
import { readOnDisk } from "../switch/on-disk.js";
import { readRun, type RunRecord } from "../switch/run-record.js";
import { initialState, readState } from "../switch/state.js";
import type { OnDisk, SiteState } from "../switch/types.js";
import type { Observation } from "../verify/types.js";
import { shownMode } from "./hold.js";
import type { Machine } from "./machine.js";
import type { StatusCell } from "./types.js";

/**
 * Every site on every server, in the order of the plan, and on the gate while it is held. Takes no lock and writes nothing; never throws for what it finds.
 */
export async function status(plan: Plan, machine: Machine): Promise<StatusCell[]> {
  const gates = plan.gatePoints.filter((point) => needsGate(plan, point, machine.now()));
  const points = [...plan.switchPoints, ...gates];
  return Promise.all(points.map((point) => cellOf(plan, machine, point)));
}

/**
 * By the state, and where that cannot be read by the gate's own variant. Once a hold is over its gate ends by itself,
 * unless a server still sends it those that are to pass.
 */
function needsGate({ spec }: Plan, gate: SwitchPoint, nowMs: number): boolean {
  try {
    const state = readState(spec.stateDir, gate.site);
    if (state.mode !== "hold") return false;
    const mode = shownMode(state, nowMs);
    if (mode !== "up") return mode === "hold";
    return gateDoors(spec).some(({ site, seesEnd }) => site === gate.site && !seesEnd);
  } catch {
    return readOnDisk(gate).mode === "hold";
  }
}

/** A change that is under way, or was left unfinished, in this state folder. */
export interface UnfinishedChange {
  journal: Unfinished;
  /** The fence at work; null: nobody is, the next change finishes or undoes it. */
  holder: Holder | null;
  /** A `fence run` that is under way, or was cut short; null: there is none. */
  run: { record: RunRecord; isAlive: boolean } | null;
}

export function unfinished(stateDir: string): UnfinishedChange {
  return { journal: readUnfinished(stateDir), holder: lockHolder(stateDir), run: readRun(stateDir) };
}

async function cellOf(plan: Plan, machine: Machine, point: SwitchPoint): Promise<StatusCell> {
  const { site, server } = point;
  const askedAt = machine.now();
  const observed = await machine.observe(point);
  const onDisk = readOnDisk(point);
  const differences: string[] = [];
  let desired: SiteState;
  try {
    desired = readState(plan.spec.stateDir, site);
  } catch (error) {
    desired = { ...initialState(site), ...(isKnown(onDisk) ? onDisk : {}) };
    differences.push((error as Error).message);
  }
  const now = machine.now();
  // A hold may expire during the look.
  const wanted =
    onDisk.mode === "hold" ? [askedAt, now].map((at) => modeAt("hold", desired.hold, at)) : [onDisk.mode];
  differences.push(
    ...diskDifferences(desired, onDisk, point),
    ...servedDifferences(onDisk, observed, wanted),
  );
  const mode = shownMode(desired, now);
  const isPast = desired.mode === "down" && desired.untilMs !== null && desired.untilMs <= now;
  return {
    site,
    server,
    desired,
    onDisk,
    observed,
    mode,
    expired: isPast || mode !== desired.mode,
    differences,
  };
}

function isKnown(onDisk: OnDisk): onDisk is { mode: Mode; generation: number } {
  return onDisk.mode !== null && onDisk.mode !== "unknown" && onDisk.generation !== null;
}

function diskDifferences(desired: SiteState, onDisk: OnDisk, point: SwitchPoint): string[] {
  if (onDisk.mode === null) return [`there is no active variant at ${point.active}: run fence apply`];
  if (!isKnown(onDisk))
    return [`${point.active} was edited or is not of fence: run fence ${desired.mode} ${point.site}`];
  if (onDisk.mode === desired.mode && onDisk.generation === desired.generation) return [];
  return [
    `${desired.mode}, generation ${desired.generation}, was asked for; ` +
      `on disk is ${onDisk.mode}, generation ${onDisk.generation}`,
  ];
}

/** @param shown what the variant on the disk may come to now */
function servedDifferences(
  onDisk: OnDisk,
  observed: Observation,
  shown: readonly OnDisk["mode"][],
): string[] {
  if (observed.running === "no") return [`${observed.server} is not running`];
  if (observed.mode === "unknown") return [...observed.problems];
  const generation = observed.generation ?? "unknown";
  if (shown.includes(observed.mode) && observed.generation === onDisk.generation) return [];
  return [
    `${observed.server} shows ${observed.mode}, generation ${generation}; on disk is ${onDisk.mode ?? "nothing"}, generation ${onDisk.generation ?? "unknown"}`,
  ];
}

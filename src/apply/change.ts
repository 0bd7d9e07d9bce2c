import { isoTime } from "../base/clock.js";
import type { Mode } from "../base/mode.js";
import { siteNamed } from "../plan/plan.js";
import type { Plan } from "../plan/types.js";
import type { SwitchPoint } from "../servers/adapter.js";
import { upstreamNamesOf } from "../spec/route-of.js";
import type { ModeValues, Site, Upstream } from "../spec/types.js";
import { generationsOf, readGeneration, readOnDisk } from "../switch/on-disk.js";
import { readStateOrNone } from "../switch/state.js";
import type { OnDisk, SiteState } from "../switch/types.js";
import { unknownHold } from "./hold.js";

/** Where a site stands, by its state file and its active variants. */
export interface Current {
  site: Site;
  /** All that its requests may go to. */
  upstreams: readonly Upstream[];
  points: readonly SwitchPoint[];
  onDisk: readonly OnDisk[];
  /** The mode that all active variants agree on. */
  mode: Mode | "unknown";
  /** The state to go back to; generation 0 when there is none yet. */
  state: SiteState;
  /** Why the state file could not be read; the state is then what the active variants say. Null: it could. */
  damage: string | null;
  /** Every active variant is whole and of the state's generation. */
  isWhole: boolean;
  /** Highest generation ever given out, by the state and by the disk. */
  lastGeneration: number;
}

/** One site on its way from one state to another; all its servers get the same generation. */
export interface Change {
  site: Site;
  points: readonly SwitchPoint[];
  before: Mode | "unknown";
  from: SiteState;
  /** `from` must be staged as well, because no good copy of it lies on every server. */
  stagesFrom: boolean;
  to: SiteState;
}

/**
 * @param wanted the mode that it is to be switched to; null: it is not
 * @throws FenceError state-unknown-version
 */
export function currentOf(plan: Plan, name: string, wanted: Mode | null = null): Current {
  const site = siteNamed(plan.spec, name);
  const { state: written, damage } = readStateOrNone(plan.spec.stateDir, name);
  const points = pointsOf(plan, name, wanted === "hold" || written.mode === "hold");
  const onDisk = points.map(readOnDisk);
  // What a gate does that nobody is sent to is nobody's mode.
  const inForce = onDisk.filter((_, index) => written.mode === "hold" || points[index]?.kind !== "gate");
  const state = stateBy(site, inForce, written);
  const generations = points.flatMap(generationsOf);
  return {
    site,
    upstreams: plan.spec.upstreams.filter(({ name: one }) => upstreamNamesOf(site).includes(one)),
    points,
    onDisk,
    mode: modeOf(inForce, state),
    state,
    damage,
    isWhole: onDisk.every((one) => one.mode === state.mode && one.generation === state.generation),
    lastGeneration: Math.max(state.generation, state.lastGeneration, 0, ...generations),
  };
}

/**
 * Where a site switches. The gate goes first: it must hold before a server sends it anything, and lets those go that
 * wait before others may pass them by.
 */
function pointsOf(plan: Plan, name: string, isGated: boolean): SwitchPoint[] {
  const points = plan.switchPoints.filter(({ site }) => site === name);
  return isGated ? [...plan.gatePoints.filter(({ site }) => site === name), ...points] : points;
}

/**
 * The active variants are the truth: the state may be lost, or older than they are. Where a server has none, perhaps
 * because it is new, the others must be newer than the state to be believed.
 */
function stateBy(site: Site, onDisk: readonly OnDisk[], state: SiteState): SiteState {
  const there = onDisk.filter(({ mode }) => mode !== null);
  const [first] = there;
  if (first === undefined || first.generation === null) return state;
  const { mode, generation } = first;
  if (mode === null || mode === "unknown" || generation === state.generation) return state;
  if (there.some((one) => one.mode !== mode || one.generation !== generation)) return state;
  const hold = mode === "hold" ? (state.hold ?? unknownHold(site)) : null;
  return there.length === onDisk.length || generation > state.generation
    ? { ...state, mode, generation, hold }
    : state;
}

function modeOf(onDisk: readonly OnDisk[], state: SiteState): Mode | "unknown" {
  const modes = new Set(onDisk.map((one) => one.mode));
  const [only] = modes;
  if (modes.size !== 1 || only === undefined) return "unknown";
  return only ?? state.mode;
}

/** What is to hold instead; `since` stays when the mode does. */
export type Wanted = Pick<
  SiteState,
  "mode" | "by" | "reason" | "message" | "retryAfterSec" | "untilMs" | "hold"
>;

export function changeTo(current: Current, wanted: Wanted, nowMs: number): Change {
  const { site, state } = current;
  const points = wanted.mode === "down" ? gateLast(current.points) : current.points;
  const isBackable =
    state.generation > 0 && points.every((point) => readGeneration(point, state.generation) !== null);
  const fromGeneration = isBackable ? state.generation : current.lastGeneration + 1;
  const generation = Math.max(fromGeneration, current.lastGeneration) + 1;
  // Nobody knows since when a site is up that fence has never touched: since now, at the least.
  const known = state.generation > 0 ? state : { ...state, since: isoTime(nowMs), changedAt: isoTime(nowMs) };
  const keepsMode = state.generation > 0 && state.mode === wanted.mode;
  return {
    site,
    points,
    before: current.mode,
    from: { ...known, generation: fromGeneration, lastGeneration: fromGeneration },
    stagesFrom: !isBackable,
    to: {
      version: 1,
      site: site.name,
      ...wanted,
      generation,
      lastGeneration: generation,
      since: keepsMode ? state.since : isoTime(nowMs),
      changedAt: isoTime(nowMs),
      proof: "unproven",
    },
  };
}

/** Those that wait there are answered by the servers, which must be down by then. */
function gateLast(points: readonly SwitchPoint[]): SwitchPoint[] {
  const isGate = ({ kind }: SwitchPoint): boolean => kind === "gate";
  return [...points.filter((point) => !isGate(point)), ...points.filter(isGate)];
}

/** What the clients are told, for the templates. */
export function valuesOf(state: SiteState): ModeValues {
  const { mode, generation, retryAfterSec, untilMs, message, reason, hold } = state;
  const leftMs = untilMs === null ? 0 : untilMs - Date.parse(state.changedAt);
  const leftSec = leftMs > 0 ? Math.ceil(leftMs / 1000) : null;
  return { mode, generation, retryAfterSec, untilMs, leftSec, message, reason, hold };
}

import type { StepEvent } from "../apply/types.js";
import { ratesAfter, type Rates } from "./rates.js";
import type { Agreed, Asked, Look, Outcome, SiteLook } from "./types.js";

export type Screen = "sites" | "site" | "history" | "change" | "help";

/** What does not change while the program runs. */
export interface Face {
  /** Absolute path of the spec, for command lines. */
  specFile: string;
  isReadOnly: boolean;
  /** false: ASCII alone. */
  unicode: boolean;
}

/** All that is on the screen. */
export interface State {
  face: Face;
  columns: number;
  rows: number;
  /** null: nothing has been seen yet. */
  look: Look | null;
  /** Why the last look failed; `look` is then the one before. */
  lookProblem: string | null;
  rates: Rates;
  screen: Screen;
  /** Where help and the running change were called from. */
  back: Screen;
  /** Name of the site that the keys are about. */
  selected: string | null;
  filter: string;
  /** The keys write the filter. */
  isFiltering: boolean;
  /** Lines that are scrolled out of sight. */
  scroll: number;
  question: Question | null;
  change: ChangeLook | null;
  /** One sentence, until the next key. */
  notice: string | null;
}

export interface Question extends Asked {
  /** What the keys write now; null: they answer. */
  writing: "reason" | "end" | null;
  /** The answer that Enter gives; no, until it is chosen otherwise. */
  isYes: boolean;
}

/** The change that runs, or the last one. */
export interface ChangeLook extends Agreed {
  /** In the order in which each step began, the last event of each place. */
  steps: readonly StepEvent[];
  /** null: it runs. */
  outcome: Outcome | null;
}

export function initialState(face: Face, columns: number, rows: number): State {
  return {
    face,
    columns,
    rows,
    look: null,
    lookProblem: null,
    rates: {},
    screen: "sites",
    back: "sites",
    selected: null,
    filter: "",
    isFiltering: false,
    scroll: 0,
    question: null,
    change: null,
    notice: null,
  };
}

export function isChanging({ change }: State): boolean {
  return change !== null && change.outcome === null;
}

/** The sites that the filter lets through. */
export function shownSites({ look, filter }: State): readonly SiteLook[] {
  const part = filter.toLowerCase();
  return (look?.sites ?? []).filter(({ name }) => name.toLowerCase().includes(part));
}

/** The site that the keys are about; null: none is shown. */
export function selectedSite(state: State): SiteLook | null {
  return shownSites(state).find(({ name }) => name === state.selected) ?? null;
}

/** A site that is shown is selected, whatever the filter and the spec have become. */
export function withSelection(state: State): State {
  if (selectedSite(state) !== null) return state;
  return { ...state, selected: shownSites(state)[0]?.name ?? null };
}

export function withLook(state: State, look: Look): State {
  const seen = { ...state, look, lookProblem: null, rates: ratesAfter(state.rates, look) };
  const isGone = state.screen === "site" && !look.sites.some(({ name }) => name === state.selected);
  return withSelection(isGone ? { ...seen, screen: "sites", scroll: 0 } : seen);
}

/** A later event of a step at a place takes the place of the earlier one. */
export function withStep(change: ChangeLook, event: StepEvent): ChangeLook {
  const isSame = (one: StepEvent): boolean =>
    one.step === event.step && one.site === event.site && one.server === event.server;
  const at = change.steps.findIndex(isSame);
  return { ...change, steps: at === -1 ? [...change.steps, event] : change.steps.with(at, event) };
}

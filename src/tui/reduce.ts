import type { StepEvent } from "../apply/types.js";
import { reactTo } from "./keys.js";
import { withLook, withStep, type State } from "./state.js";
import type { Agreed, Key, Look, Outcome } from "./types.js";

/** What happens: a key, or news. */
export type Event =
  | { kind: "key"; key: Key }
  | { kind: "resized"; columns: number; rows: number }
  | { kind: "looked"; look: Look }
  | { kind: "look-failed"; sentence: string }
  | { kind: "stepped"; step: StepEvent }
  | { kind: "ended"; outcome: Outcome }
  | { kind: "noticed"; sentence: string };

/** What is to be done about it, by who has hands. */
export type Effect =
  | ({ kind: "change" } & Agreed)
  /** Stop the change in a stated mode; a second time: at once. */
  | { kind: "stop-change" }
  | { kind: "copy"; text: string }
  | { kind: "quit" };

export interface Reaction {
  state: State;
  effects: readonly Effect[];
}

/** All of the program's behaviour: what is on the screen after an event, and what follows from it. */
export function reduce(state: State, event: Event): Reaction {
  if (event.kind === "key") return reactTo(state, event.key);
  return { state: afterNews(state, event), effects: [] };
}

function afterNews(state: State, event: Exclude<Event, { kind: "key" }>): State {
  const { change } = state;
  switch (event.kind) {
    case "resized":
      return { ...state, columns: event.columns, rows: event.rows };
    case "looked":
      return withLook(state, event.look);
    case "look-failed":
      return { ...state, lookProblem: event.sentence };
    case "stepped":
      return change === null ? state : { ...state, change: withStep(change, event.step) };
    case "ended":
      return change === null ? state : { ...state, change: { ...change, outcome: event.outcome } };
    case "noticed":
      return { ...state, notice: event.sentence };
  }
}

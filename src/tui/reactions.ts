import type { Effect, Reaction } from "./reduce.js";
import type { Screen, State } from "./state.js";

export function nothingElse(state: State): Reaction {
  return { state, effects: [] };
}

export function does(state: State, effect: Effect): Reaction {
  return { state, effects: [effect] };
}

export function copied(state: State, text: string): Reaction {
  return does(
    { ...state, notice: "the command line was sent to the clipboard of the terminal" },
    { kind: "copy", text },
  );
}

export function gone(state: State, screen: Screen): State {
  return { ...state, screen, scroll: 0 };
}

/** To a screen from which Escape leads back. */
export function called(state: State, screen: Screen): State {
  const isBase = state.screen === "sites" || state.screen === "site";
  return { ...gone(state, screen), back: isBase ? state.screen : state.back };
}

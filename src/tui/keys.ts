import { ACTION_OF } from "./actions.js";
import { screenLines } from "./lines/screen-lines.js";
import { answered } from "./question-keys.js";
import { called, copied, does, gone, nothingElse } from "./reactions.js";
import type { Reaction } from "./reduce.js";
import { isChanging, selectedSite, shownSites, withSelection, type State } from "./state.js";
import type { Action, Key } from "./types.js";

type Named = Extract<Key, { name: string }>["name"];

/** What a key does. */
export function reactTo(before: State, key: Key): Reaction {
  const state = { ...before, notice: null };
  const name = "name" in key ? key.name : null;
  const text = "text" in key ? key.text : null;
  if (name === "ctrl-c") return isChanging(state) ? does(state, { kind: "stop-change" }) : quit(state);
  if (state.isFiltering) return nothingElse(filtered(state, name, text));
  if (state.question !== null) return answered(state, state.question, key);
  switch (text) {
    case null:
      break;
    case "q":
      return quit(state);
    case "y":
      return state.change !== null && state.screen === "change"
        ? copied(state, state.change.command)
        : nothingElse(state);
    default:
      return nothingElse(typed(state, text));
  }
  return nothingElse(moved(state, name));
}

function quit(state: State): Reaction {
  if (!isChanging(state)) return does(state, { kind: "quit" });
  return nothingElse({ ...state, notice: "a change runs: wait for its end, or press Ctrl-C to stop it" });
}

function typed(state: State, text: string): State {
  const action = Object.hasOwn(ACTION_OF, text) ? ACTION_OF[text] : undefined;
  if (action !== undefined) return asked(state, action);
  switch (text) {
    case "j":
      return moved(state, "down");
    case "k":
      return moved(state, "up");
    case "/":
      return { ...gone(state, "sites"), isFiltering: true };
    case "?":
      return state.screen === "help" ? moved(state, "escape") : called(state, "help");
    case "t":
      return state.screen === "history" ? moved(state, "escape") : called(state, "history");
    case "c":
      if (state.change !== null) return called(state, "change");
      return { ...state, notice: "nothing has been changed from here yet" };
    default:
      return state;
  }
}

function asked(state: State, action: Action): State {
  const site = selectedSite(state);
  const refuse = (notice: string): State => ({ ...state, notice });
  if (state.face.isReadOnly) return refuse("read-only: nothing can be changed from here");
  if (isChanging(state)) return refuse("a change runs; c shows it");
  if (site === null || (state.screen !== "sites" && state.screen !== "site")) return state;
  if (action === "release" && site.mode === "down")
    return refuse(`${site.name} is down, not held: u brings it up`);
  const question = { action, site: site.name, reason: "", end: "", writing: null, isYes: false };
  return { ...state, question };
}

function filtered(state: State, name: Named | null, text: string | null): State {
  const { filter } = state;
  if (text !== null) return withSelection({ ...state, filter: filter + text });
  if (name === "backspace") return withSelection({ ...state, filter: [...filter].slice(0, -1).join("") });
  if (name === "enter") return { ...state, isFiltering: false };
  if (name === "escape") return withSelection({ ...state, isFiltering: false, filter: "" });
  return moved(state, name);
}

const STEP: Readonly<Partial<Record<Named, number>>> = { up: -1, down: 1, pageup: -10, pagedown: 10 };

function moved(state: State, name: Named | null): State {
  if (name === null) return state;
  if (name === "escape") return escaped(state);
  if (name === "enter")
    return state.screen === "sites" && selectedSite(state) !== null ? gone(state, "site") : state;
  const step = name === "home" ? -Infinity : name === "end" ? Infinity : STEP[name];
  if (step === undefined) return state;
  if (state.screen !== "sites") return scrolled(state, step);
  const names = shownSites(state).map((site) => site.name);
  const at = names.indexOf(state.selected ?? "");
  const next = Math.min(Math.max(0, at + step), names.length - 1);
  return { ...state, selected: names[next] ?? null };
}

/** The steps of a change are read from their end. */
function scrolled(state: State, step: number): State {
  const last = Math.max(0, screenLines(state).length - 1);
  const scroll = state.scroll + (state.screen === "change" ? -step : step);
  return { ...state, scroll: Math.min(Math.max(0, scroll), last) };
}

function escaped(state: State): State {
  switch (state.screen) {
    case "sites":
      return withSelection({ ...state, filter: "" });
    case "site":
      return gone(state, "sites");
    default:
      return gone(state, state.back);
  }
}

import { renderToString } from "ink";
import { stripVTControlCharacters } from "node:util";
import { plainLines } from "./lines/plain-lines.js";
import type { State } from "./state.js";
import { Frame } from "./view/frame.js";

/** The screen as text: a line for each of its rows, none wider than the terminal. */
export function frameText(state: State, isColoured: boolean): string {
  const drawn = renderToString(<Frame state={state} />, { columns: state.columns });
  // Ink marks with it what it cuts, whatever the terminal can show.
  const text = state.face.unicode ? drawn : drawn.replaceAll("…", "~");
  return isColoured ? text : stripVTControlCharacters(text);
}

/** The screen for a reader that speaks: sentences, as long as they are. */
export function spokenText(state: State): string {
  return plainLines(state).join("\n");
}

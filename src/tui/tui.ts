import { frameText, spokenText } from "./frame-text.js";
import { reduce, type Effect, type Event } from "./reduce.js";
import { initialState, isChanging, type Face, type State } from "./state.js";
import { sizeOf, Terminal, type TerminalOptions } from "./terminal.js";

export interface TuiOptions extends Pick<TerminalOptions, "stdin" | "stdout" | "isSpoken" | "onGone"> {
  face: Face;
  isColoured: boolean;
  /** Does what a key has led to. */
  onEffect: (effect: Effect) => void;
}

/** The screens on a terminal: news go in, what is to be done comes out. */
export interface Tui {
  tell(event: Event): void;
  copy(text: string): void;
  isChanging(): boolean;
  /** Gives the terminal back. */
  close(): void;
}

export function openTui(options: TuiOptions): Tui {
  const { stdout, face, isSpoken, isColoured, onEffect } = options;
  let state: State = initialState(face, ...sizeOf(stdout));
  const terminal = new Terminal({
    ...options,
    onKey: (key) => tell({ kind: "key", key }),
    onResize: (columns, rows) => tell({ kind: "resized", columns, rows }),
  });
  const show = (): void => terminal.show(isSpoken ? spokenText(state) : frameText(state, isColoured));
  const tell = (event: Event): void => {
    const reaction = reduce(state, event);
    state = reaction.state;
    show();
    for (const effect of reaction.effects) onEffect(effect);
  };
  show();
  return {
    tell,
    copy: (text) => terminal.copy(text),
    isChanging: () => isChanging(state),
    close: terminal.close,
  };
}

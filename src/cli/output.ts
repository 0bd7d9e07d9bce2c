import { paint, showsUnicode, wantsColour, type ColourEnv, type Style } from "./colour.js";

/** One of the two output streams, with what is known of who reads it. */
export interface Output {
  readonly isTerminal: boolean;
  /** Columns of the terminal; 80 when it is none. */
  readonly columns: number;
  /** Gets colour. */
  readonly colour: boolean;
  /** May show characters beyond ASCII. */
  readonly unicode: boolean;
  /** True when the reader went away: nothing more arrives. */
  readonly closed: boolean;
  /** Text as it is. */
  write(text: string): void;
  /** Text and a line end. */
  line(text?: string): void;
  /** Text in a style, or as it is when the stream gets no colour. */
  paint(style: Style, text: string): string;
}

/** The reader has gone: a closed pipe, or the terminal of a dropped ssh session. Not worth a word to anyone. */
const READER_GONE = new Set(["EPIPE", "EIO", "ERR_STREAM_DESTROYED"]);

/** A stream whose write errors are dealt with. */
export interface GuardedStream {
  readonly stream: NodeJS.WriteStream;
  readonly closed: boolean;
}

/**
 * Must come before the first write: an error event that nobody listens for ends the process.
 *
 * @param onError called for a write that failed although somebody wants to read it (a full disk, say)
 */
export function guardStream(
  stream: NodeJS.WriteStream,
  onError: (error: NodeJS.ErrnoException) => void,
): GuardedStream {
  const guarded = { stream, closed: false };
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (guarded.closed) return;
    guarded.closed = true;
    if (!READER_GONE.has(error.code ?? "")) onError(error);
  });
  return guarded;
}

export function createOutput(guarded: GuardedStream, env: ColourEnv, colourFlag: boolean | null): Output {
  const { stream } = guarded;
  const isTerminal = stream.isTTY === true;
  const colour = wantsColour(env, isTerminal, colourFlag);
  const output: Output = {
    isTerminal,
    colour,
    unicode: showsUnicode(env),
    get columns() {
      return (isTerminal && stream.columns) || 80;
    },
    get closed() {
      return guarded.closed;
    },
    write(text) {
      if (!guarded.closed) stream.write(text);
    },
    line(text = "") {
      output.write(`${text}\n`);
    },
    paint: (style, text) => (colour ? paint(style, text) : text),
  };
  return output;
}

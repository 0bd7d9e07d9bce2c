import { emitKeypressEvents, type Interface, type Key as NodeKey } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import type { Key } from "./types.js";

/** The alternate screen, no cursor, and pastes told apart from keys: nothing that is pasted may answer a question. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?2004h\u001b[2J";
const LEAVE = "\u001b[?2004l\u001b[?25h\u001b[?1049l";
/** A key that begins as an escape sequence does ends so long after. */
const ESCAPE_MS = 50;

/** A terminal that does not know its size, as one made by script(1), says 0: it is taken for the smallest usual one. */
export function sizeOf(stdout: WriteStream): [columns: number, rows: number] {
  return [stdout.columns || 80, stdout.rows || 24];
}

export interface TerminalOptions {
  stdin: ReadStream;
  stdout: WriteStream;
  /** For a reader that speaks: lines that are new are printed below the others, and nothing is painted over. */
  isSpoken: boolean;
  onKey: (key: Key) => void;
  onResize: (columns: number, rows: number) => void;
  /** Nobody is there any more. */
  onGone: () => void;
}

/** The terminal while the screens have it. It is given back as it was, also when the process ends by a defect. */
export class Terminal {
  private last = "";
  private isOpen = true;
  private isPasting = false;

  constructor(private readonly options: TerminalOptions) {
    const { stdin, stdout, isSpoken, onGone } = options;
    process.on("exit", this.close);
    stdout.on("resize", this.resized);
    if (!isSpoken) stdout.write(ENTER);
    // Node's types know no other owner of the delay than a whole line editor.
    emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
    stdin.setRawMode(true);
    stdin.on("keypress", this.pressed).once("end", onGone).once("error", onGone).resume();
  }

  /** Shows a frame; the same one twice costs nothing. */
  show(frame: string): void {
    if (!this.isOpen || frame === this.last) return;
    const { stdout, isSpoken } = this.options;
    stdout.write(isSpoken ? newLines(this.last, frame) : painted(frame));
    this.last = frame;
  }

  /** Asks the terminal to take a text to its clipboard (OSC 52); whether it does, it does not tell. */
  copy(text: string): void {
    if (this.isOpen) this.options.stdout.write(`\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`);
  }

  readonly close = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { stdin, stdout, isSpoken, onGone } = this.options;
    process.off("exit", this.close);
    stdout.off("resize", this.resized);
    stdin.off("keypress", this.pressed).off("end", onGone).off("error", onGone);
    if (!isSpoken) stdout.write(LEAVE);
    try {
      stdin.setRawMode(false);
    } catch {
      // The terminal has gone, and its settings with it.
    }
    stdin.pause().unref();
  };

  private readonly resized = (): void => {
    const { stdout, isSpoken, onResize } = this.options;
    // What the terminal made of the old frame is not known.
    if (!isSpoken) stdout.write("\u001b[2J");
    this.last = isSpoken ? this.last : "";
    onResize(...sizeOf(stdout));
  };

  private readonly pressed = (text: string | undefined, key: NodeKey): void => {
    if (key.name === "paste-start") this.isPasting = true;
    else if (key.name === "paste-end") this.isPasting = false;
    else if (!this.isPasting) {
      const known = keyOf(text, key);
      if (known !== null) this.options.onKey(known);
    }
  };
}

/** Each line over the old one, and nothing below: no flicker, unlike clearing the screen first. */
function painted(frame: string): string {
  const lines = frame.split("\n").map((line) => `${line}\u001b[K`);
  return `\u001b[H${lines.join("\r\n")}\u001b[J`;
}

function newLines(before: string, now: string): string {
  const known = new Set(before.split("\n"));
  return now
    .split("\n")
    .filter((line) => !known.has(line))
    .map((line) => `${line}\r\n`)
    .join("");
}

const NAMES = [
  "up",
  "down",
  "left",
  "right",
  "pageup",
  "pagedown",
  "home",
  "end",
  "escape",
  "tab",
  "backspace",
] as const;

function keyOf(text: string | undefined, { name, ctrl, meta, sequence }: NodeKey): Key | null {
  if (ctrl) return name === "c" ? { name: "ctrl-c" } : null;
  if (name === "return" || name === "enter") return { name: "enter" };
  const known = NAMES.find((one) => one === name);
  if (known !== undefined) return { name: known };
  const typed = text ?? sequence ?? "";
  // Escape sequences that are no key here have several characters.
  return meta || [...typed].length !== 1 || typed < " " ? null : { text: typed };
}

import { setTimeout as pause } from "node:timers/promises";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { printable } from "../base/printable.js";
import type { Tui } from "../tui/tui.js";
import type { Agreed } from "../tui/types.js";
import type { Context } from "./context.js";
import { asFenceError } from "./failure.js";
import { planned } from "./machine.js";
import { chooseSitesOrAll } from "./sites.js";
import { runAgreed } from "./tui-change.js";
import { createLooker } from "./tui-look.js";

export interface TuiCommandOptions {
  readOnly?: true;
  screenReader?: true;
}

/** Between two looks. */
const LOOK_MS = 1000;

/** Whether there is a terminal that screens can be drawn on, and somebody at its keys. */
export function canDraw({ out, env, json }: Context): boolean {
  return process.stdin.isTTY === true && out.isTerminal && env["TERM"] !== "dumb" && !json;
}

/** `fence tui`: the screens, until q or a signal. @throws FenceError usage: there is no terminal */
export async function runTui(
  context: Context,
  names: readonly string[],
  options: TuiCommandOptions,
): Promise<ExitName> {
  if (!canDraw(context)) throw noTerminal();
  // What is wrong with the spec or the names is told on the terminal as it is.
  const { spec } = await planned(context);
  chooseSitesOrAll(spec, names);
  const tui = await open(context, spec.file, options);
  try {
    return await attend(context, names, tui);
  } finally {
    tui.close();
  }
}

function noTerminal(): FenceError {
  return new FenceError("usage", "fence tui draws on a terminal and reads its keys, and there is none", {
    hint: "fence status --watch prints a line for what changes; with --json, an object",
  });
}

/** What the screens hand out, on its way to who attends to it. */
interface Desk extends Tui {
  /** Ends the program; later calls change nothing. */
  quit(exit: ExitName): void;
  readonly ended: Promise<ExitName>;
  readonly signal: AbortSignal;
  onChange: (agreed: Agreed) => void;
  /** Does not wait for the next look. */
  lookNow: () => void;
}

async function open(context: Context, specFile: string, options: TuiCommandOptions): Promise<Desk> {
  const { openTui } = await importTui();
  const stop = new AbortController();
  let quit: (exit: ExitName) => void = () => {};
  const ended = new Promise<ExitName>((resolve) => {
    quit = (exit) => {
      stop.abort();
      resolve(exit);
    };
  });
  const tui = openTui({
    stdin: process.stdin,
    stdout: process.stdout,
    isSpoken: options.screenReader === true || context.env["INK_SCREEN_READER"] === "true",
    isColoured: context.out.colour,
    face: { specFile, isReadOnly: options.readOnly === true, unicode: context.out.unicode },
    onGone: () => process.emit("SIGHUP", "SIGHUP"),
    onEffect(effect) {
      if (effect.kind === "quit") quit("ok");
      else if (effect.kind === "copy") tui.copy(effect.text);
      // A key while the terminal is raw; the change knows it as the signal that it is elsewhere.
      else if (effect.kind === "stop-change") process.emit("SIGINT", "SIGINT");
      else desk.onChange(effect);
    },
  });
  const desk: Desk = { ...tui, quit, ended, signal: stop.signal, onChange: () => {}, lookNow: () => {} };
  return desk;
}

/** React takes its development build, which is slow and talks, unless it is told otherwise while it is loaded. */
async function importTui() {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    return await import("../tui/tui.js");
  } finally {
    if (before === undefined) delete process.env["NODE_ENV"];
    else process.env["NODE_ENV"] = before;
  }
}

async function attend(context: Context, names: readonly string[], desk: Desk): Promise<ExitName> {
  let change = Promise.resolve();
  desk.onChange = (agreed) => {
    change = runAgreed(context, agreed, {
      step: (step) => desk.tell({ kind: "stepped", step }),
      notice: (sentence) => desk.tell({ kind: "noticed", sentence }),
    }).then((outcome) => {
      desk.tell({ kind: "ended", outcome });
      desk.lookNow();
    });
    change.catch(() => desk.quit("failed"));
  };
  const release = onSignals((exit) => {
    // A change hears the same signal, and stops in a stated mode: nothing ends before that.
    if (exit === "interrupted" && desk.isChanging()) return;
    void change.then(() => desk.quit(exit === "interrupted" ? "ok" : exit));
  });
  try {
    await Promise.race([looks(context, names, desk), desk.ended]);
    await change;
    return await desk.ended;
  } finally {
    release();
  }
}

/** A look a second, each by the spec as it is then. */
async function looks(context: Context, names: readonly string[], desk: Desk): Promise<void> {
  const lookAt = createLooker();
  while (!desk.signal.aborted) {
    try {
      const made = await planned(context);
      desk.tell({ kind: "looked", look: await lookAt(made, chooseSitesOrAll(made.spec, names)) });
    } catch (error) {
      const sentence = printable(asFenceError(error).message.replaceAll("\n", " "));
      desk.tell({ kind: "look-failed", sentence });
    }
    const wake = new AbortController();
    desk.lookNow = () => wake.abort();
    const signal = AbortSignal.any([desk.signal, wake.signal]);
    await pause(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

function onSignals(act: (exit: "interrupted" | "terminated") => void): () => void {
  const interrupted = (): void => act("interrupted");
  const terminated = (): void => act("terminated");
  process.on("SIGINT", interrupted).on("SIGTERM", terminated).on("SIGHUP", terminated);
  return () => process.off("SIGINT", interrupted).off("SIGTERM", terminated).off("SIGHUP", terminated);
}

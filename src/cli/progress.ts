import type { StepEvent } from "../apply/types.js";
import type { Context } from "./context.js";
import { printable } from "../base/printable.js";
import { type Output } from "./output.js";
import { secondsText } from "../base/time-text.js";

/** Shows the steps of a change while it runs. */
export interface Progress {
  event(event: StepEvent): void;
  /** Another program has the terminal until the next event. */
  pause(): void;
  /** Nothing of the progress stays in the way of the result. */
  end(): void;
}

const REPAINT_MS = 100;
/** CI systems end a job that says nothing for long. */
const HEARTBEAT_MS = 10_000;

/** One JSON object a line with --json, one repainted line on a terminal, else one line a step. */
export function createProgress(context: Context): Progress {
  if (context.json) return jsonProgress(context.out);
  if (context.quiet) return { event() {}, pause() {}, end() {} };
  if (context.err.isTerminal && context.env["TERM"] !== "dumb" && !context.verbose)
    return paintedProgress(context.err);
  return lineProgress(context.err, context.verbose);
}

function jsonProgress(out: Output): Progress {
  return {
    event({ step, ...rest }) {
      out.line(
        JSON.stringify({
          t: new Date().toISOString(),
          ev: step,
          ...rest,
          elapsedMs: Math.round(rest.elapsedMs),
        }),
      );
    },
    pause() {},
    end() {},
  };
}

function paintedProgress(err: Output): Progress {
  let last: { event: StepEvent; at: number } | null = null;
  const paint = (): void => {
    if (!last) return;
    const elapsed = last.event.elapsedMs + performance.now() - last.at;
    const text = `${sentence(last.event)} (${secondsText(elapsed)})`;
    err.write(`\r\u001b[K${text.slice(0, err.columns - 1)}`);
  };
  const timer = setInterval(paint, REPAINT_MS).unref();
  return {
    event(event) {
      if (isWarning(event)) err.write(`\r\u001b[Kfence: ${sentence(event)}\n`);
      last = { event, at: performance.now() };
      paint();
    },
    pause() {
      if (last) err.write("\r\u001b[K");
      last = null;
    },
    end() {
      clearInterval(timer);
      if (last) err.write("\r\u001b[K");
    },
  };
}

function lineProgress(err: Output, verbose: boolean): Progress {
  let last: { event: StepEvent; at: number } | null = null;
  let printedAt = performance.now();
  const print = (event: StepEvent, elapsedMs: number): void => {
    err.line(`fence: ${sentence(event)} (${secondsText(elapsedMs)})`);
    printedAt = performance.now();
  };
  const timer = setInterval(() => {
    const now = performance.now();
    if (last && now - printedAt >= HEARTBEAT_MS) print(last.event, last.event.elapsedMs + now - last.at);
  }, HEARTBEAT_MS / 10).unref();
  return {
    event(event) {
      last = { event, at: performance.now() };
      if (isWorthALine(event) || (verbose && event.phase !== "progress")) print(event, event.elapsedMs);
    },
    pause() {
      last = null;
    },
    end() {
      clearInterval(timer);
    },
  };
}

/** What the log of a CI job should hold: what took force where, what is waited for, and what did not go well. */
function isWorthALine(event: StepEvent): boolean {
  const { step, phase, site } = event;
  if (phase === "failed" || phase === "skipped" || isWarning(event)) return true;
  if (step === "drain" || step === "command" || step === "health") return true;
  if (phase === "progress") return step === "lock";
  if (phase === "start") return step === "recover" || step === "settle" || step === "undo";
  return site !== null;
}

/** Must not be painted over. */
function isWarning(event: StepEvent): boolean {
  return event.text.startsWith("warning: ");
}

function sentence(event: StepEvent): string {
  const where = [event.site, event.server === null ? null : `on ${event.server}`].filter(
    (part) => part !== null,
  );
  const text = printable(event.text);
  return where.length === 0 ? text : `${where.join(" ")}: ${text}`;
}

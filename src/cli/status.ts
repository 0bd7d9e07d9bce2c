import { setTimeout as pause } from "node:timers/promises";
import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";
import { lookAt, planned, type Planned } from "./machine.js";
import { chooseSitesOrAll } from "./sites.js";
import { bySite, specText, statusLines, statusObject, type StatusLook } from "./status-view.js";
import { timeText } from "./time-text.js";

const WATCH_MS = 1000;

/** `fence status`: one look. */
export async function showStatus(context: Context, names: readonly string[]): Promise<ExitName> {
  const made = await planned(context);
  print(context, await look(made, chooseSitesOrAll(made.spec, names)));
  return "ok";
}

/** `fence status --watch`: a look a second, until Ctrl-C or until the reader goes away. */
export async function watchStatus(context: Context, names: readonly string[]): Promise<ExitName> {
  const made = await planned(context);
  const sites = chooseSitesOrAll(made.spec, names);
  const repaints = context.out.isTerminal && context.env["TERM"] !== "dumb" && !context.json;
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  process.once("SIGINT", quit).once("SIGTERM", quit);
  let last = "";
  while (!stop.signal.aborted && !context.out.closed) {
    const seen = await look(made, sites);
    const picture = pictureOf(context, seen);
    if (repaints) repaint(context, seen);
    else if (picture !== last) print(context, seen);
    last = picture;
    await pause(WATCH_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  process.off("SIGINT", quit).off("SIGTERM", quit);
  return "ok";
}

async function look(made: Planned, sites: readonly string[]): Promise<StatusLook> {
  const { unfinished } = await import("../apply/status.js");
  const groups = bySite(await lookAt(made, sites), sites);
  return { spec: made.spec, groups, unfinished: unfinished(made.spec.stateDir), nowMs: Date.now() };
}

function print(context: Context, seen: StatusLook): void {
  if (context.json) context.out.line(JSON.stringify(statusObject(seen)));
  else for (const line of statusLines(seen, context.out)) context.out.line(line);
}

/** What must differ for a look to be worth printing: not the time of the look itself. */
function pictureOf(context: Context, seen: StatusLook): string {
  if (!context.json) return statusLines(seen, context.out).join("\n");
  return JSON.stringify({ ...statusObject(seen), at: null });
}

function repaint(context: Context, seen: StatusLook): void {
  const head = `${specText(seen.spec)}  ${timeText(seen.nowMs)}  Ctrl-C ends`;
  const lines = [context.out.paint("dim", head), "", ...statusLines(seen, context.out)];
  // Home, each line over the old one, and nothing below: no flicker, unlike clearing the screen first.
  context.out.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`);
}

import { setTimeout as pause } from "node:timers/promises";
import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";
import { lookAt, planned, type Planned } from "./machine.js";
import { chooseSitesOrAll } from "./sites.js";
import { bySite, specText, statusLines, statusObject } from "./status-view.js";
import type { StatusCell } from "../apply/types.js";

const WATCH_MS = 1000;

/** `fence status`: one look. */
export async function showStatus(context: Context, names: readonly string[]): Promise<ExitName> {
  const made = await planned(context);
  const sites = chooseSitesOrAll(made.spec, names);
  const groups = bySite(await lookAt(made, sites), sites);
  print(context, made, groups);
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
    const groups = bySite(await lookAt(made, sites), sites);
    const picture = pictureOf(context, made, groups);
    if (repaints) repaint(context, made, groups);
    else if (picture !== last) print(context, made, groups);
    last = picture;
    await pause(WATCH_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  process.off("SIGINT", quit).off("SIGTERM", quit);
  return "ok";
}

function print(context: Context, made: Planned, groups: readonly StatusCell[][]): void {
  const now = Date.now();
  if (context.json) context.out.line(JSON.stringify(statusObject(made.spec, groups, now)));
  else for (const line of statusLines(groups, now, context.out)) context.out.line(line);
}

/** What must differ for a look to be worth printing: not the time of the look itself. */
function pictureOf(context: Context, made: Planned, groups: readonly StatusCell[][]): string {
  const now = Date.now();
  if (!context.json) return statusLines(groups, now, context.out).join("\n");
  return JSON.stringify({ ...statusObject(made.spec, groups, now), at: null });
}

function repaint(context: Context, made: Planned, groups: readonly StatusCell[][]): void {
  const now = Date.now();
  const head = `${specText(made.spec)}  ${new Date(now).toISOString().slice(11, 19)}Z  Ctrl-C ends`;
  const lines = [context.out.paint("dim", head), "", ...statusLines(groups, now, context.out)];
  // Home, each line over the old one, and nothing below: no flicker, unlike clearing the screen first.
  context.out.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`);
}

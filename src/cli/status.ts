import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import { wallMs } from "../base/clock.js";
import { writeAtomic } from "../base/durable.js";
import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";
import { lookAt, planned } from "./machine.js";
import { chooseSitesOrAll } from "./sites.js";
import { look } from "./status-look.js";
import { statusLines, statusObject, type StatusLook } from "./status-view.js";

const WATCH_MS = 1000;

/** `fence status`: one look. */
export async function showStatus(context: Context, names: readonly string[]): Promise<ExitName> {
  const made = await planned(context);
  print(context, await look(made, chooseSitesOrAll(made.spec, names)));
  return "ok";
}

/** `fence status --prometheus FILE`: whoever reads the file finds it whole. @throws FileError */
export async function exportStatus(
  context: Context,
  names: readonly string[],
  file: string,
): Promise<ExitName> {
  const { prometheusText } = await import("./status-prometheus.js");
  const made = await planned(context);
  const cells = await lookAt(made, chooseSitesOrAll(made.spec, names));
  const text = prometheusText(cells, wallMs());
  if (file === "-") context.out.line(text.trimEnd());
  else writeAtomic(resolve(file), text, { mode: 0o644 });
  return "ok";
}

/** `fence status --watch`: the screens of `fence tui`, read-only; without a terminal a line for what changes. */
export async function watchStatus(context: Context, names: readonly string[]): Promise<ExitName> {
  const { canDraw, runTui } = await import("./tui.js");
  if (canDraw(context)) return runTui(context, names, { readOnly: true });
  const made = await planned(context);
  const sites = chooseSitesOrAll(made.spec, names);
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  process.once("SIGINT", quit).once("SIGTERM", quit);
  let last = "";
  while (!stop.signal.aborted && !context.out.closed) {
    const seen = await look(made, sites);
    const picture = pictureOf(context, seen);
    if (picture !== last) print(context, seen);
    last = picture;
    await pause(WATCH_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  process.off("SIGINT", quit).off("SIGTERM", quit);
  return "ok";
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

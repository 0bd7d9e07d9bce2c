import type { ExitName } from "../base/exit.js";
import type { HistoryEntry, HistorySite } from "../switch/history.js";
import type { Context } from "./context.js";
import { loadSpecOf } from "./machine.js";
import { printable } from "../base/printable.js";
import { chooseSitesOrAll } from "./sites.js";
import { tableLines, type Cell } from "./table.js";
import { secondsText, timeText } from "../base/time-text.js";

/** `fence history [SITE]`: the newest last, where the eye is. */
export async function showHistory(
  context: Context,
  names: readonly string[],
  count: number,
): Promise<ExitName> {
  const spec = await loadSpecOf(context);
  const { readHistory } = await import("../switch/history.js");
  const isPast = (name: string): boolean =>
    readHistory(spec.stateDir, Infinity).some((entry) => entry.sites.some(({ site }) => site === name));
  // A site that is no longer in the spec has a past all the same.
  const sites = new Set(names.every(isPast) && names.length > 0 ? names : chooseSitesOrAll(spec, names));
  const concerns = (entry: HistoryEntry): boolean => entry.sites.some(({ site }) => sites.has(site));
  // Entries of other sites may lie between, so with a name the whole file is read.
  const found =
    names.length === 0
      ? readHistory(spec.stateDir, count)
      : readHistory(spec.stateDir, Infinity).filter(concerns);
  const entries = found.slice(0, count).reverse();
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/history@1", entries }));
  else if (entries.length > 0)
    for (const line of linesOf(context, entries, sites, names.length > 0)) context.out.line(line);
  else if (!context.quiet) context.err.line("fence: nothing has been changed yet");
  return "ok";
}

function linesOf(
  context: Context,
  entries: readonly HistoryEntry[],
  sites: ReadonlySet<string>,
  only: boolean,
): string[] {
  const rows = entries.flatMap((entry) =>
    entry.sites.filter(({ site }) => !only || sites.has(site)).map((change) => rowOf(entry, change)),
  );
  return tableLines(["WHEN", "SITE", "CHANGE", "RESULT", "TOOK", "BY", "WHY"], rows, context.out);
}

function rowOf(entry: HistoryEntry, change: HistorySite): Cell[] {
  const isDone = change.result === "done" || change.result === "already";
  return [
    timeText(entry.at),
    change.site,
    `${change.from} > ${change.to}`,
    isDone ? change.result : { text: change.result, style: "yellow" },
    secondsText(entry.tookMs),
    printable(entry.by),
    printable(entry.why),
  ];
}

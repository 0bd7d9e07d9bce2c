import type { Look } from "./types.js";

/** Requests a second of each site, from one look to the next. */
export type Rates = Readonly<Record<string, Rate>>;

export interface Rate {
  atMs: number;
  /** Requests so far. */
  total: number;
  /** Oldest first. */
  perSec: readonly number[];
}

const SAMPLES_MAX = 60;

/** A site whose servers do not count has none. A server that began to count anew begins a new row. */
export function ratesAfter(rates: Rates, { atMs, sites }: Look): Rates {
  return Object.fromEntries(
    sites.flatMap(({ name, requests }) =>
      requests === null ? [] : [[name, rateAfter(rates[name], atMs, requests)]],
    ),
  );
}

function rateAfter(before: Rate | undefined, atMs: number, total: number): Rate {
  if (before === undefined || total < before.total) return { atMs, total, perSec: [] };
  if (atMs <= before.atMs) return before;
  const perSec = ((total - before.total) * 1000) / (atMs - before.atMs);
  return { atMs, total, perSec: [...before.perSec, perSec].slice(-SAMPLES_MAX) };
}

const BARS = { unicode: "▁▂▃▄▅▆▇█", ascii: "_.:-=+*#" };

/** The last `width` values, each a bar; the highest is full, and only 0 is lowest. */
export function sparkline(values: readonly number[], width: number, unicode: boolean): string {
  const shown = values.slice(-width);
  const bars = unicode ? BARS.unicode : BARS.ascii;
  const highest = Math.max(...shown);
  return shown
    .map((value) => bars[value === 0 ? 0 : Math.max(1, Math.round((value / highest) * (bars.length - 1)))])
    .join("");
}

import type { StatusCell } from "../apply/types.js";
import { printable } from "../base/printable.js";
import type { Spec } from "../spec/types.js";
import type { HistoryEntry } from "../switch/history.js";
import type { Count, HeldLook, Look, PastChange, ServerLook, SiteLook } from "../tui/types.js";
import type { Planned } from "./machine.js";
import { look } from "./status-look.js";
import { endOf, isAtLeast, isKnown, isVerified, specText, type StatusLook } from "./status-view.js";
import type { ProbeResult } from "../verify/types.js";
import { unfinishedText } from "./unfinished-text.js";

const HISTORY_MAX = 200;

/** Requests so far, by server and site; null: the server does not count them. */
type Counts = ReadonlyMap<string, ReadonlyMap<string, number> | null>;

/** Makes the looks of one program: what `fence status` and `fence history` show, and how many requests there were. */
export function createLooker(): (made: Planned, sites: readonly string[]) => Promise<Look> {
  /** A look is made of requests, too, which the proxy counts: by site, those of the looks before. */
  const own = new Map<string, number>();
  return async (made, sites) => {
    const { readHistory } = await import("../switch/history.js");
    const counts = await countsOf(made);
    const seen = await look(made, sites);
    const history = readHistory(made.spec.stateDir, HISTORY_MAX);
    const looked = tuiLook(seen, counts, own, history, sites);
    for (const { site, server, observed } of seen.groups.flat())
      if (counts.has(server)) own.set(site, (own.get(site) ?? 0) + observed.probes.filter(isAnswered).length);
    return looked;
  };
}

function isAnswered({ status }: ProbeResult): boolean {
  return status !== null;
}

function tuiLook(
  seen: StatusLook,
  counts: Counts,
  own: ReadonlyMap<string, number>,
  entries: readonly HistoryEntry[],
  sites: readonly string[],
): Look {
  const history = entries.flatMap((entry) => changesOf(entry, sites));
  return {
    specText: specText(seen.spec),
    atMs: seen.nowMs,
    // The change that runs here has a screen of its own.
    unfinished: seen.unfinished.holder?.pid === process.pid ? null : unfinishedText(seen.unfinished),
    sites: seen.groups.flatMap((cells) => {
      const [first] = cells;
      if (first === undefined) return [];
      const total = requestsOf(seen.spec, first.site, counts);
      return [siteLook(seen.spec, cells, first, total === null ? null : total - (own.get(first.site) ?? 0))];
    }),
    history,
  };
}

async function countsOf({ plan }: Planned): Promise<Counts> {
  const { requestCounts } = await import("../verify/request-counts.js");
  const sockets = new Map(
    plan.switchPoints.flatMap(({ kind, server, controlSocket }) =>
      kind === "proxy" && controlSocket !== null ? [[server, controlSocket] as const] : [],
    ),
  );
  const asked = [...sockets].map(async ([server, socket]) => [server, await requestCounts(socket)] as const);
  return new Map(await Promise.all(asked));
}

function siteLook(
  spec: Spec,
  cells: readonly StatusCell[],
  { desired, mode }: StatusCell,
  requests: number | null,
): SiteLook {
  const isDown = desired.mode !== "up";
  return {
    name: desired.site,
    mode,
    sinceMs: isKnown(desired) ? Date.parse(desired.since) : null,
    untilMs: isDown ? endOf(desired) : null,
    isPast: cells.some((cell) => cell.expired),
    by: isKnown(desired) ? printable(desired.by) : "",
    reason: printable(desired.reason),
    message: isDown ? printable(desired.message) : "",
    generation: desired.generation,
    inflight: sumOfCounts(cells.map(inflightOf)),
    held: heldOf(cells),
    requests,
    servers: cells.map((cell) =>
      serverLook(cell, spec.servers.find(({ name }) => name === cell.server)?.kind ?? "gate"),
    ),
  };
}

function serverLook(cell: StatusCell, kind: string): ServerLook {
  const { server, observed, differences } = cell;
  return {
    name: server,
    kind,
    running: observed.running,
    mode: observed.mode,
    generation: observed.generation,
    isVerified: isVerified(cell),
    inflight: inflightOf(cell),
    held: observed.held,
    workers: observed.workers.map(({ pid, settled, detail }) => ({
      pid,
      isSettled: settled,
      detail: detail === null ? null : printable(detail),
    })),
    problems: [...new Set([...differences, ...observed.problems])].map(printable),
  };
}

function inflightOf(cell: StatusCell): Count | null {
  const value = cell.observed.inflight;
  return value === null ? null : { value, isAtLeast: isAtLeast(cell.observed) };
}

/** A server that cannot tell may have some all the same. */
function sumOfCounts(counts: readonly (Count | null)[]): Count | null {
  const known = counts.filter((count) => count !== null);
  if (known.length === 0) return null;
  return {
    value: known.reduce((sum, { value }) => sum + value, 0),
    isAtLeast: known.length < counts.length || known.some((count) => count.isAtLeast),
  };
}

function heldOf(cells: readonly StatusCell[]): HeldLook | null {
  const held = cells.flatMap(({ observed }) => observed.held ?? []);
  if (held.length === 0) return null;
  const waits = held.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    count: held.reduce((sum, { count }) => sum + count, 0),
    oldestMs: waits.length === 0 ? null : Math.max(...waits),
  };
}

/** A proxy has no count of a site that nobody has asked for yet. */
function requestsOf({ sites }: Spec, site: string, counts: Counts): number | null {
  const servers = sites.find(({ name }) => name === site)?.servers ?? [];
  const known = servers.map((server) => counts.get(server) ?? null);
  const all = known.filter((one) => one !== null);
  if (all.length < known.length) return null;
  return all.reduce((sum, one) => sum + (one.get(site) ?? 0), 0);
}

function changesOf({ at, by, why, tookMs, sites }: HistoryEntry, shown: readonly string[]): PastChange[] {
  return sites
    .filter(({ site }) => shown.includes(site))
    .map(({ site, from, to, result }) => ({
      at,
      site,
      from,
      to,
      result,
      tookMs,
      by: printable(by),
      why: printable(why),
    }));
}

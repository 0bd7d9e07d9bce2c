import { basename } from "node:path";
import type { UnfinishedChange } from "../apply/status.js";
import type { StatusCell } from "../apply/types.js";
import type { Mode } from "../base/mode.js";
import type { Spec } from "../spec/types.js";
import type { SiteState } from "../switch/types.js";
import type { Observation } from "../verify/types.js";
import { printable } from "../base/printable.js";
import { type Output } from "./output.js";
import { siteWorkerText, type SiteWorker } from "./status-workers.js";
import { tableLines, type Cell } from "./table.js";
import { secondsText, timeText } from "../base/time-text.js";
import { unfinishedText } from "./unfinished-text.js";

/** Whether what was asked for is what the disk holds and what the clients of this server get. */
export function isVerified(cell: StatusCell): boolean {
  const { mode, observed } = cell;
  return observed.running === "yes" && observed.mode === mode && cell.differences.length === 0;
}

/** What the clients of this server get, or would get once it runs. */
export function modeInForce(cell: StatusCell): Mode | "unknown" {
  if (cell.observed.running !== "no") return cell.observed.mode;
  return cell.onDisk.mode === "hold" ? cell.mode : (cell.onDisk.mode ?? "unknown");
}

/** The cells of each site, in the order of `sites`. */
export function bySite(cells: readonly StatusCell[], sites: readonly string[]): StatusCell[][] {
  return sites.map((site) => cells.filter((cell) => cell.site === site)).filter((group) => group.length > 0);
}

/** One look at everything that `fence status` shows. */
export interface StatusLook {
  spec: Spec;
  groups: readonly StatusCell[][];
  /** By the name of the site; none of a site that forwards to no worker. */
  workers: ReadonlyMap<string, SiteWorker>;
  unfinished: UnfinishedChange;
  /** By the name of the site, of those that are not up and have no reason: why, and by whom. */
  whys: ReadonlyMap<string, string>;
  nowMs: number;
}

/** The shape of `fence/status@1`. */
export function statusObject({
  spec,
  groups,
  workers,
  whys,
  unfinished,
  nowMs,
}: StatusLook): Record<string, unknown> {
  return {
    schema: "fence/status@1",
    at: new Date(nowMs).toISOString(),
    config: { path: spec.file, sha256: spec.sha256 },
    unfinished: unfinishedText(unfinished),
    sites: groups.flatMap((cells) => {
      const [first] = cells;
      if (first === undefined) return [];
      const { site, desired } = first;
      const why = whys.get(site) ?? null;
      return [{ ...siteObject(spec, cells, desired), why, worker: workers.get(site) ?? null }];
    }),
  };
}

/** Not of a site that fence has never touched, nor of one whose state file is lost or damaged. */
export function isKnown({ generation, since }: SiteState): boolean {
  return generation > 0 && Date.parse(since) > 0;
}

function siteObject(spec: Spec, cells: readonly StatusCell[], desired: SiteState): Record<string, unknown> {
  const isTouched = isKnown(desired);
  return {
    name: desired.site,
    mode: cells[0]?.mode ?? desired.mode,
    asked: desired.mode,
    since: isTouched ? desired.since : null,
    by: isTouched ? desired.by : null,
    reason: desired.reason || null,
    message: desired.message || null,
    until: endOf(desired) === null ? null : new Date(endOf(desired) ?? 0).toISOString(),
    hold: holdObject(cells, desired),
    expired: cells.some((cell) => cell.expired),
    generation: desired.generation,
    proof: desired.proof,
    verified: cells.every(isVerified),
    servers: cells.map((cell) => ({
      name: cell.server,
      kind: spec.servers.find((server) => server.name === cell.server)?.kind ?? null,
      running: cell.observed.running,
      mode: cell.observed.mode,
      generation: cell.observed.generation,
      onDisk: cell.onDisk,
      verified: isVerified(cell),
      inflight: cell.observed.inflight,
      inflightAtLeast: isAtLeast(cell.observed),
      held: cell.observed.held?.count ?? null,
      oldestHeldMs: cell.observed.held?.oldestMs ?? null,
      differences: cell.differences,
    })),
  };
}

/** The end that clients were told, or at which a hold ends by itself. */
export function endOf({ untilMs, hold }: SiteState): number | null {
  return hold?.expiresMs ?? untilMs;
}

/** Over all servers; null: the site is not held, and none of its requests waits. */
function holdObject(cells: readonly StatusCell[], { hold }: SiteState): object | null {
  const traffic = trafficOf(cells);
  if (hold === null && traffic.held === 0) return null;
  return {
    ...traffic,
    limits: hold && { maxWaitMs: hold.maxWaitMs, maxHeld: hold.maxHeld },
    onExpiry: hold?.onExpiry ?? null,
  };
}

/** What all servers of a site count; a server that does not is left out. */
function trafficOf(cells: readonly StatusCell[]): {
  held: number;
  inflight: number;
  inflightAtLeast: boolean;
  oldestHeldMs: number | null;
} {
  const sum = (counts: readonly (number | null | undefined)[]): number =>
    counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  const waits = cells.flatMap(({ observed }) => observed.held?.oldestMs ?? []);
  return {
    held: sum(cells.map(({ observed }) => observed.held?.count)),
    inflight: sum(cells.map(({ observed }) => observed.inflight)),
    inflightAtLeast: cells.some(({ observed }) => isAtLeast(observed)),
    oldestHeldMs: waits.length === 0 ? null : Math.max(...waits),
  };
}

/** The table that `fence status` prints, with the differences as sentences below it. */
export function statusLines({ groups, workers, whys, unfinished }: StatusLook, output: Output): string[] {
  const rows = groups.flatMap((cells) => (cells[0] ? [rowOf(cells, cells[0].desired, output)] : []));
  const notes = groups.flatMap((cells) => (cells[0] ? notesOf(cells, cells[0].desired) : []));
  for (const [site, why] of whys) notes.push(`${site}: ${printable(why)}`);
  for (const [site, worker] of workers) notes.push(`${site}: ${siteWorkerText(worker)}`);
  const change = unfinishedText(unfinished);
  if (change !== null) notes.push(change);
  return [
    ...tableLines(["SITE", "MODE", "SINCE", "UNTIL", "SERVERS"], rows, output),
    ...notes.map((note) => `  ${note}`),
  ];
}

function rowOf(cells: readonly StatusCell[], state: SiteState, output: Output): Cell[] {
  const isDown = state.mode !== "up";
  const mode = cells[0]?.mode ?? state.mode;
  const passed = cells.some((cell) => cell.expired) ? " (passed)" : "";
  return [
    state.site,
    { text: mode, style: mode === "up" ? "green" : "yellow" },
    isKnown(state) ? timeText(state.since) : "-",
    isDown && endOf(state) !== null ? timeText(endOf(state) ?? 0) + passed : "-",
    cells.map((cell) => serverText(cell, output)).join("  "),
  ];
}

function notesOf(cells: readonly StatusCell[], state: SiteState): string[] {
  const notes: string[] = [];
  if (state.mode !== "up" && state.reason !== "")
    notes.push(`${state.site}: ${printable(`${state.reason} (${state.by})`)}`);
  const traffic = trafficOf(cells);
  if (state.mode === "hold" || traffic.held > 0) notes.push(`${state.site}: ${trafficText(traffic)}`);
  if (cells.some((cell) => cell.expired)) {
    const text =
      state.hold === null
        ? `the end that clients were told has passed; fence up ${state.site} brings it up`
        : `the hold has expired, so the site is ${state.hold.onExpiry}; fence up ${state.site} makes it up for good`;
    notes.push(`${state.site}: ${text}`);
  }
  for (const cell of cells) {
    const where = `${cell.site} on ${cell.server}: `;
    for (const difference of cell.differences) notes.push(where + printable(difference));
    if (!isVerified(cell) && cell.differences.length === 0) notes.push(where + unverifiedText(cell));
  }
  return notes;
}

/** Whether there may be more at the backends than the server can tell. */
export function isAtLeast({ isAtLeast, inflight }: Pick<Observation, "isAtLeast" | "inflight">): boolean {
  return isAtLeast === true && (inflight ?? 0) > 0;
}

function trafficText({
  held,
  inflight,
  inflightAtLeast,
  oldestHeldMs,
}: ReturnType<typeof trafficOf>): string {
  const oldest = oldestHeldMs === null ? "" : `, the oldest for ${secondsText(oldestHeldMs)}`;
  return `${held} ${held === 1 ? "request waits" : "requests wait"}${oldest}; ${inflightAtLeast ? "at least " : ""}${inflight} at the backends`;
}

function serverText(cell: StatusCell, output: Output): string {
  if (isVerified(cell)) return `${cell.server} ${output.paint("green", output.unicode ? "✓" : "ok")}`;
  // Not running is the one difference that every stopped server has.
  if (cell.observed.running === "no" && cell.differences.length <= 1) return `${cell.server} stopped`;
  return `${cell.server} ${output.paint("red", "!")}`;
}

function unverifiedText(cell: StatusCell): string {
  const [problem] = cell.observed.problems;
  return problem === undefined ? `shows ${cell.observed.mode}` : printable(problem);
}

/** `fence.toml (1a2b3c4d)`: which spec a picture of the screen came from. */
export function specText(spec: Spec): string {
  return `${basename(spec.file)} (${spec.sha256.slice(0, 8)})`;
}

import { basename } from "node:path";
import type { StatusCell } from "../apply/types.js";
import type { Mode } from "../base/mode.js";
import type { Spec } from "../spec/types.js";
import type { SiteState } from "../switch/types.js";
import { printable, type Output } from "./output.js";
import { tableLines, type Cell } from "./table.js";
import { timeText } from "./time-text.js";

/** Whether what was asked for is what the disk holds and what the clients of this server get. */
export function isVerified(cell: StatusCell): boolean {
  const { desired, observed } = cell;
  return observed.running === "yes" && observed.mode === desired.mode && cell.differences.length === 0;
}

/** What the clients of this server get, or would get once it runs. */
export function modeInForce(cell: StatusCell): Mode | "unknown" {
  if (cell.observed.running !== "no") return cell.observed.mode;
  return cell.onDisk.mode ?? "unknown";
}

/** The cells of each site, in the order of `sites`. */
export function bySite(cells: readonly StatusCell[], sites: readonly string[]): StatusCell[][] {
  return sites.map((site) => cells.filter((cell) => cell.site === site)).filter((group) => group.length > 0);
}

/** The shape of `fence/status@1`. */
export function statusObject(spec: Spec, groups: readonly StatusCell[][], nowMs: number): Record<string, unknown> {
  return {
    schema: "fence/status@1",
    at: new Date(nowMs).toISOString(),
    config: { path: spec.file, sha256: spec.sha256 },
    sites: groups.flatMap(([first, ...rest]) => (first ? [siteObject(spec, [first, ...rest], first.desired, nowMs)] : [])),
  };
}

function siteObject(spec: Spec, cells: readonly StatusCell[], desired: SiteState, nowMs: number): Record<string, unknown> {
  return {
    name: desired.site,
    mode: desired.mode,
    since: desired.generation === 0 ? null : desired.since,
    by: desired.generation === 0 ? null : desired.by,
    reason: desired.reason || null,
    message: desired.message || null,
    until: desired.untilMs === null ? null : new Date(desired.untilMs).toISOString(),
    expired: isExpired(desired, nowMs),
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
      differences: cell.differences,
    })),
  };
}

function isExpired(state: SiteState, nowMs: number): boolean {
  return state.mode !== "up" && state.untilMs !== null && state.untilMs <= nowMs;
}

/** The table that `fence status` prints, with the differences as sentences below it. */
export function statusLines(groups: readonly StatusCell[][], nowMs: number, output: Output): string[] {
  const rows: Cell[][] = [];
  const notes: string[] = [];
  for (const cells of groups) {
    const state = cells[0]?.desired;
    if (!state) continue;
    const isDown = state.mode !== "up";
    rows.push([
      state.site,
      { text: state.mode, style: isDown ? "yellow" : "green" },
      state.generation === 0 ? "-" : timeText(state.since),
      untilText(state, nowMs),
      cells.map((cell) => serverText(cell, output)).join("  "),
    ]);
    if (isDown && state.reason !== "") notes.push(`${state.site}: ${printable(state.reason)} (${printable(state.by)})`);
    if (isExpired(state, nowMs)) notes.push(`${state.site}: the end that clients were told has passed; fence up ${state.site} ends it`);
    for (const cell of cells) {
      const where = `${cell.site} on ${cell.server}: `;
      for (const difference of cell.differences) notes.push(where + printable(difference));
      if (!isVerified(cell) && cell.differences.length === 0) notes.push(where + unverifiedText(cell));
    }
  }
  return [...tableLines(["SITE", "MODE", "SINCE", "UNTIL", "SERVERS"], rows, output), ...notes.map((note) => `  ${note}`)];
}

function untilText(state: SiteState, nowMs: number): string {
  if (state.untilMs === null || state.mode === "up") return "-";
  return timeText(state.untilMs) + (isExpired(state, nowMs) ? " (passed)" : "");
}

function serverText(cell: StatusCell, output: Output): string {
  if (isVerified(cell)) return `${cell.server} ${output.paint("green", output.unicode ? "✓" : "ok")}`;
  if (cell.observed.running === "no" && cell.differences.length === 0) return `${cell.server} stopped`;
  return `${cell.server} ${output.paint("red", "!")}`;
}

function unverifiedText(cell: StatusCell): string {
  if (cell.observed.running === "no") return `the server does not run; it will start ${cell.onDisk.mode ?? "without a variant"}`;
  const [problem] = cell.observed.problems;
  return problem === undefined ? "not proven" : printable(problem);
}

/** `fence.toml (1a2b3c4d)`: which spec a picture of the screen came from. */
export function specText(spec: Spec): string {
  return `${basename(spec.file)} (${spec.sha256.slice(0, 8)})`;
}

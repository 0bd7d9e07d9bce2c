import type { Spread } from "../statistics.js";
import type { Case } from "./cases.js";
import type { Result } from "./measure.js";

/** All that a run came to; what --json prints. */
export interface Report {
  machine: string;
  /** Average load of the machine before and after; above its processors, others were at work. */
  load: { before: number; after: number };
  rounds: number;
  seconds: number;
  base: string;
  versions: Readonly<Record<string, string>>;
  /** Peers that are not here, and where they come from. */
  missing: Readonly<Record<string, string>>;
  /** What could not be measured, and why. */
  notMeasured: readonly string[];
  results: readonly Result[];
}

const KB = 1024;

/** The report as text: a table for each measure. */
export function reportText(report: Report, cases: readonly Case[]): string {
  const { machine, load, rounds, seconds, base, versions, missing } = report;
  const lines = [
    machine,
    `load average ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after; ${rounds} rounds of ${seconds} s, paired by round`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    ...Object.entries(missing).map(([name, install]) => `missing: ${name} (${install})`),
    ...report.notMeasured.map((text) => `not measured: ${text}`),
    "",
    `Against ${base}: above 1 is better. Median of the rounds (lowest-highest).`,
    "",
    ...tableOf([["case", "server", "CPU per request", "requests/s"], ...ratioRows(report.results, cases)]),
  ];
  const late = report.results.filter(({ p99 }) => p99 !== null);
  if (late.length > 0)
    lines.push(
      "",
      "p99 at a fixed rate, the same way round:",
      ...tableOf(late.map(({ peer, p99 }) => [peer, spreadText(p99)])),
    );
  const memory = report.results.flatMap(({ peer, memory }) => (memory === null ? [] : [{ peer, memory }]));
  if (memory.length > 0)
    lines.push(
      "",
      "memory (RSS of all processes): fresh, with 1,000 idle connections, for each of them",
      ...tableOf(
        memory.map(({ peer, memory: { freshBytes, idleBytes, perConnectionBytes } }) => [
          peer,
          `${(freshBytes / KB / KB).toFixed(1)} MB`,
          `${(idleBytes / KB / KB).toFixed(1)} MB`,
          `${(perConnectionBytes / KB).toFixed(1)} KB`,
        ]),
      ),
    );
  for (const { case: name, peer, faults } of report.results)
    for (const fault of faults) lines.push(`WRONG: ${name}, ${peer}: ${fault}`);
  return lines.join("\n");
}

function ratioRows(results: readonly Result[], cases: readonly Case[]): string[][] {
  return cases.flatMap(({ name, title }) =>
    results
      .filter((result) => result.case === name && result.cpu !== null)
      .sort((a, b) => (b.cpu?.median ?? 0) - (a.cpu?.median ?? 0))
      .map(({ peer, cpu, throughput }) => [title, peer, spreadText(cpu), spreadText(throughput)]),
  );
}

function spreadText(spread: Spread | null): string {
  if (spread === null) return "-";
  const { median, min, max } = spread;
  return `${median.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`;
}

function tableOf(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

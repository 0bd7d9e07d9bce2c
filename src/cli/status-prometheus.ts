import type { StatusCell } from "../apply/types.js";
import { MODES } from "../base/mode.js";
import { endOf, isKnown, isVerified } from "./status-view.js";

type Sample = readonly [labels: string, value: number];

/** What was seen, in the text format of Prometheus. A figure that a server cannot give is left out. */
export function prometheusText(cells: readonly StatusCell[], nowMs: number): string {
  const first = [...new Map(cells.map((cell) => [cell.site, cell] as const)).values()];
  const bySite = (value: (cell: StatusCell) => number | null): Sample[] =>
    first.flatMap((cell) => sample(`site="${cell.site}"`, value(cell)));
  const byServer = (value: (cell: StatusCell) => number | null): Sample[] =>
    cells.flatMap((cell) => sample(`site="${cell.site}",server="${cell.server}"`, value(cell)));
  return [
    gauge(
      "fence_site_mode",
      "1 for the mode that a site was asked to be in, 0 for the others.",
      first.flatMap(({ site, mode }) =>
        MODES.map((one): Sample => [`site="${site}",mode="${one}"`, Number(one === mode)]),
      ),
    ),
    gauge(
      "fence_site_since_seconds",
      "When it was asked for, in Unix seconds.",
      bySite(({ desired }) => (isKnown(desired) ? Date.parse(desired.since) / 1000 : null)),
    ),
    gauge(
      "fence_site_end_seconds",
      "When it is announced to end, in Unix seconds.",
      bySite(({ desired }) => {
        const endMs = endOf(desired);
        return endMs === null ? null : endMs / 1000;
      }),
    ),
    gauge(
      "fence_site_verified",
      "Whether a server shows just what was asked for.",
      byServer((cell) => Number(isVerified(cell))),
    ),
    gauge(
      "fence_site_inflight",
      "Requests at the backends.",
      byServer(({ observed }) => (observed.isAtLeast && observed.inflight !== 0 ? null : observed.inflight)),
    ),
    gauge(
      "fence_site_held",
      "Requests that wait.",
      byServer(({ observed }) => observed.held?.count ?? null),
    ),
    gauge("fence_looked_at_seconds", "When fence looked, in Unix seconds.", [["", nowMs / 1000]]),
  ].join("");
}

function sample(labels: string, value: number | null): Sample[] {
  return value === null ? [] : [[labels, value]];
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`;
}

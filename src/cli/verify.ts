import type { StatusCell } from "../apply/types.js";
import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";
import { lookAt, planned } from "./machine.js";
import { printable } from "../base/printable.js";
import { chooseSitesOrAll } from "./sites.js";
import { isVerified } from "./status-view.js";

/** `fence verify [SITE...]` */
export async function verifySites(context: Context, names: readonly string[]): Promise<ExitName> {
  const made = await planned(context);
  const sites = chooseSitesOrAll(made.spec, names);
  const cells = await lookAt(made, sites);
  const allVerified = cells.every((cell) => isVerified(cell) && !cell.expired);
  if (context.json) {
    const results = cells.map((cell) => ({ ...cell, verified: isVerified(cell) }));
    context.out.line(
      JSON.stringify({
        schema: "fence/verify@1",
        at: new Date().toISOString(),
        verified: allVerified,
        results,
      }),
    );
  } else {
    for (const cell of cells) printCell(context, cell);
  }
  return allVerified ? "ok" : "difference";
}

function printCell(context: Context, cell: StatusCell): void {
  const { out } = context;
  const { observed } = cell;
  const verified = isVerified(cell);
  if (cell.expired) {
    const { untilMs, hold } = cell.desired;
    const end = new Date(hold?.expiresMs ?? untilMs ?? 0).toISOString();
    const what =
      hold === null ? "still down, past its announced end" : `${cell.mode}, for the hold expired at`;
    out.line(`${out.paint("red", "!")} ${cell.site} on ${cell.server}: ${what} ${end}`);
  }
  if (verified && (context.quiet || cell.expired)) return;
  const mark = verified ? out.paint("green", out.unicode ? "✓" : "ok") : out.paint("red", "!");
  const generation = observed.generation === null ? "" : `, generation ${observed.generation}`;
  const seen = observed.running === "no" ? "does not run" : `${observed.mode}${generation}`;
  out.line(`${mark} ${cell.site} on ${cell.server}: ${seen}${verified ? "" : `; asked for ${cell.mode}`}`);
  const reasons = cell.differences.length > 0 ? cell.differences : observed.problems;
  if (!verified) for (const reason of reasons) out.line(`    ${printable(reason)}`);
  if (!context.verbose) return;
  for (const probe of observed.probes) {
    out.line(
      `    probe ${probe.url} as ${probe.host}: ${probe.mode}${probe.status === null ? "" : `, status ${probe.status}`}`,
    );
  }
  for (const worker of observed.workers) {
    const says =
      worker.settled === null ? "has not answered" : worker.settled ? "settled" : "on an older variant";
    out.line(
      `    worker ${worker.pid}: ${says}${worker.detail === null ? "" : ` (${printable(worker.detail)})`}`,
    );
  }
}

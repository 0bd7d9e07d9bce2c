import type { StatusCell } from "../apply/types.js";
import { monotonicMs, sleep } from "../base/clock.js";
import type { ExitName } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import type { Context } from "./context.js";
import { lookAt, planned } from "./machine.js";
import { catchSignals } from "./signals.js";
import { chooseSites } from "./sites.js";
import { modeInForce } from "./status-view.js";

export type Answer = "yes" | "no" | "unknown";

const EXIT_OF = { yes: "ok", no: "no", unknown: "unknown" } as const satisfies Record<Answer, ExitName>;
const LOOK_MS = 250;

/** `fence is MODE [SITE]` */
export async function answerIs(context: Context, wanted: Mode, names: readonly string[]): Promise<ExitName> {
  const made = await planned(context);
  const [site = ""] = chooseSites(made.spec, names);
  return tell(context, site, wanted, await lookAt(made, [site]));
}

/** `fence wait MODE [SITE]`: until yes, or the answer at the deadline. */
export async function waitFor(
  context: Context,
  wanted: Mode,
  names: readonly string[],
  timeoutMs: number,
): Promise<ExitName> {
  const made = await planned(context);
  const [site = ""] = chooseSites(made.spec, names);
  const deadline = monotonicMs() + timeoutMs;
  const interruption = catchSignals(context.err, "the wait stops");
  if (!context.quiet && !context.json) context.err.line(`fence: waiting until ${site} is ${wanted}`);
  try {
    for (;;) {
      const cells = await lookAt(made, [site]);
      if (answerOf(cells, wanted) === "yes" || monotonicMs() >= deadline)
        return tell(context, site, wanted, cells, true);
      await sleep(Math.max(0, Math.min(LOOK_MS, deadline - monotonicMs())), interruption.signal);
    }
  } finally {
    interruption.end();
  }
}

/**
 * All running servers show it, and the others would: yes. One shows another mode: no. Else it cannot be told; the
 * clients of servers that are all stopped get no mode at all.
 */
export function answerOf(cells: readonly StatusCell[], wanted: Mode): Answer {
  const running = cells.filter((cell) => cell.observed.running !== "no");
  if (running.some(({ observed }) => observed.mode !== "unknown" && observed.mode !== wanted)) return "no";
  const all = running.length > 0 && cells.every((cell) => modeInForce(cell) === wanted);
  return all ? "yes" : "unknown";
}

function tell(
  context: Context,
  site: string,
  wanted: Mode,
  cells: readonly StatusCell[],
  waited = false,
): ExitName {
  const answer = answerOf(cells, wanted);
  const servers = cells.map((cell) => ({
    name: cell.server,
    running: cell.observed.running,
    mode: modeInForce(cell),
  }));
  if (context.json) context.out.line(JSON.stringify({ schema: "fence/is@1", site, wanted, answer, servers }));
  else if (context.verbose) {
    const each = servers.map(
      (one) => `${one.name} ${one.mode}${one.running === "no" ? " (does not run)" : ""}`,
    );
    context.out.line(`${site} is ${wanted}: ${answer} (${each.join(", ")})`);
  } else if (waited && answer !== "yes" && !context.quiet) {
    context.err.line(`fence: ${site} is not ${wanted} yet; gave up waiting`);
  }
  return EXIT_OF[answer];
}

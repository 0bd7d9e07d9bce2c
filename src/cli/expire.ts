import { shownMode } from "../apply/hold.js";
import type { SwitchResult } from "../apply/types.js";
import { EXIT, type ExitName } from "../base/exit.js";
import { printable } from "../base/printable.js";
import { timeText } from "../base/time-text.js";
import type { Spec } from "../spec/types.js";
import { readState } from "../switch/state.js";
import { checkBackends } from "../verify/backend-check.js";
import { changeObject, resultLines } from "./change-view.js";
import type { Context } from "./context.js";
import { planned, type Planned } from "./machine.js";
import { notifyOf } from "./notification.js";
import { createProgress } from "./progress.js";
import { catchSignals } from "./signals.js";
import { chooseSitesOrAll } from "./sites.js";
import { switchSites } from "./switch-sites.js";

const REASON = "its announced end has passed";

/** A site that is down though its end has passed. */
interface Overdue {
  site: string;
  generation: number;
  untilMs: number;
  /** What becomes of it. A hold has had its `on_expiry`: what it left down stays so. */
  then: "alert" | "up";
}

/** `fence expire [SITE...]` */
export async function expireSites(
  context: Context,
  { lockTimeout }: { lockTimeout: number },
  names: readonly string[],
): Promise<ExitName> {
  const made = await planned(context);
  const overdue = overdueOf(made.spec, chooseSitesOrAll(made.spec, names), Date.now());
  const isUp = ({ then }: Overdue): boolean => then === "up";
  const problems = await problemsOf(made.spec, overdue.filter(isUp));
  const well = overdue.filter((one) => isUp(one) && !problems.has(one.site));
  const change = well.length === 0 ? null : await bringUp(context, made, well, lockTimeout);
  // Who is not among them was switched by somebody else meanwhile.
  const down = overdue.filter((one) => !well.includes(one));
  const exit = exitOf(change, problems.size > 0, down.length > 0);
  print(context, exit, down, problems, change);
  if (change !== null) await notifyOf(context, made.spec, REASON, change);
  return exit;
}

function print(
  context: Context,
  exit: ExitName,
  down: readonly Overdue[],
  problems: ReadonlyMap<string, readonly string[]>,
  change: SwitchResult | null,
): void {
  if (context.json) {
    const sites = down.map(({ site, untilMs, then }) => ({
      name: site,
      until: new Date(untilMs).toISOString(),
      then,
      problems: problems.get(site) ?? [],
    }));
    const told = { schema: "fence/expire@1", exit: EXIT[exit], result: exit, overdue: sites };
    context.out.line(JSON.stringify({ ...told, change: change && changeObject(change) }));
    return;
  }
  for (const { site, untilMs } of down) {
    context.out.line(`${site} is still down, past its end ${timeText(untilMs)}`);
    for (const problem of problems.get(site) ?? []) context.out.line(`  not well: ${printable(problem)}`);
  }
  if (change !== null) for (const line of resultLines(change, context.out)) context.out.line(line);
}

function overdueOf(spec: Spec, sites: readonly string[], nowMs: number): Overdue[] {
  return sites.flatMap((site): Overdue[] => {
    const state = readState(spec.stateDir, site);
    const untilMs = state.hold?.expiresMs ?? state.untilMs;
    const isPast = untilMs !== null && untilMs <= nowMs && shownMode(state, nowMs) === "down";
    if (!isPast) return [];
    const { maintenance } = spec.sites.find(({ name }) => name === site) ?? {};
    const then = state.mode === "down" ? (maintenance?.onExpiry ?? "alert") : "alert";
    return [{ site, generation: state.generation, untilMs, then }];
  });
}

/** What keeps a site from going up: the same that a `fence run` asks at its end. */
async function problemsOf(spec: Spec, overdue: readonly Overdue[]): Promise<Map<string, string[]>> {
  const asked = overdue.map(async ({ site }) => [site, await checkBackends(spec, [site], [])] as const);
  return new Map((await Promise.all(asked)).filter(([, problems]) => problems.length > 0));
}

async function bringUp(
  context: Context,
  made: Planned,
  overdue: readonly Overdue[],
  lockTimeout: number,
): Promise<SwitchResult> {
  const progress = createProgress(context);
  const interruption = catchSignals(context.err, "stopping in a stated mode");
  const onlooker = { onStep: progress.event.bind(progress), signal: interruption.signal };
  const options = {
    reason: REASON,
    wait: true,
    // What goes up at the server's next start is no less up.
    ifNotRunning: "stage" as const,
    lockTimeout,
    onlyAt: new Map(overdue.map(({ site, generation }) => [site, generation])),
  };
  const sites = overdue.map(({ site }) => site);
  try {
    return await switchSites(context, made, "up", options, sites, onlooker);
  } finally {
    progress.end();
    interruption.end();
  }
}

function exitOf(change: SwitchResult | null, areUnwell: boolean, areDown: boolean): ExitName {
  if (change !== null && change.exit !== "ok") return change.exit;
  if (areUnwell) return "unwell";
  return areDown ? "difference" : "ok";
}

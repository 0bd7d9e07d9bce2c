import type { HoldRequest, SwitchRequest, SwitchResult } from "../apply/types.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import type { Spec } from "../spec/types.js";
import type { ChangeOptions } from "./change-options.js";
import { changeObject, resultLines } from "./change-view.js";
import { canAsk, confirm } from "./confirm.js";
import type { Context } from "./context.js";
import { planned } from "./machine.js";
import { createProgress } from "./progress.js";
import { catchSignals } from "./signals.js";
import { chooseSites } from "./sites.js";

/** `fence down`, `fence up` and `fence hold` */
export async function change(
  context: Context,
  mode: Mode,
  options: ChangeOptions,
  names: readonly string[],
): Promise<ExitName> {
  const made = await planned(context);
  const sites = sitesToChange(context, made.spec, options, names);
  if (!(await isAgreed(context, sites, options, mode))) {
    context.err.line("fence: nothing was changed");
    return "failed";
  }
  const request = requestOf(context, mode, options, sites);
  const [{ switchModes }, { readTree }] = await Promise.all([
    import("../apply/switch-modes.js"),
    import("../apply/render-tree.js"),
  ]);
  refuseNeverApplied(made.spec, readTree(made.spec.outputDir) !== null);
  const progress = createProgress(context);
  const interruption = catchSignals(context.err, "stopping in a stated mode");
  let result: SwitchResult;
  try {
    result = await switchModes(made.plan, request, made.machine, {
      onStep: (event) => progress.event(event),
      signal: interruption.signal,
    });
  } finally {
    progress.end();
    interruption.end();
  }
  if (context.json) context.out.line(JSON.stringify(changeObject(result)));
  else for (const line of resultLines(result, context.out)) context.out.line(line);
  return result.exit;
}

/**
 * Nobody serves what a spec says that was never applied. Should another spec share its state folder, a switch would
 * even take down that one's site of the same name.
 */
function refuseNeverApplied({ file, outputDir }: Spec, isApplied: boolean): void {
  if (isApplied) return;
  throw new FenceError("not-applied", `${file} was never applied: there is no ${outputDir}`, {
    hint: "run fence apply, then start or reload the servers",
  });
}

function sitesToChange(
  context: Context,
  spec: Spec,
  options: ChangeOptions,
  names: readonly string[],
): string[] {
  if (!options.all) return chooseSites(spec, names);
  if (names.length > 0) throw new FenceError("usage", "--all and the name of a site exclude each other");
  const all = spec.sites.map((site) => site.name);
  if (all.length > 1 && !context.yes && !options.dryRun && !canAsk(context)) {
    throw new FenceError("usage", `--all without a terminal to ask on is about ${all.length} sites at once`, {
      hint: "give --yes as well, or name the sites",
    });
  }
  return all;
}

/** More than one site at once is asked about where there is somebody to ask. */
async function isAgreed(
  context: Context,
  sites: readonly string[],
  options: ChangeOptions,
  mode: Mode,
): Promise<boolean> {
  if (sites.length < 2 || context.yes || options.dryRun || !canAsk(context)) return true;
  const count = `${sites.length} sites`;
  const question = { up: `Bring ${count} up`, down: `Take ${count} down`, hold: `Hold ${count}` }[mode];
  return confirm(`${question} (${sites.join(", ")})?`);
}

function requestOf(
  context: Context,
  mode: Mode,
  options: ChangeOptions,
  sites: readonly string[],
): SwitchRequest {
  return {
    mode,
    sites,
    reason: options.reason ?? null,
    message: options.message ?? null,
    untilMs: mode === "hold" ? null : untilOf(options, Date.now()),
    hold: holdOf(mode, options),
    settleMs: options.settle ?? null,
    timeoutMs: options.timeout ?? null,
    wait: options.wait,
    dryRun: options.dryRun === true,
    ifNotRunning: options.ifNotRunning,
    lockTimeoutMs: options.lockTimeout,
    by: context.actor,
    command: context.commandLine,
  };
}

function holdOf(mode: Mode, options: ChangeOptions): HoldRequest {
  const isHold = mode === "hold";
  if (isHold && (options.for === 0 || options.maxWait === 0))
    throw new FenceError("usage", "a hold of 0s ends at once");
  return {
    maxWaitMs: options.maxWait ?? null,
    maxHeld: options.maxHeld ?? null,
    forMs: isHold ? (options.for ?? null) : null,
    drainTimeoutMs: options.drainTimeout ?? null,
  };
}

function untilOf(options: ChangeOptions, nowMs: number): number | null {
  if (options.for === 0)
    throw new FenceError("usage", "--for 0s ends at once", {
      hint: "leave it out when the end is not known",
    });
  if (options.for !== undefined) return nowMs + options.for;
  if (options.until === undefined) return null;
  if (options.until <= nowMs)
    throw new FenceError("usage", `--until ${new Date(options.until).toISOString()} has passed already`);
  return options.until;
}

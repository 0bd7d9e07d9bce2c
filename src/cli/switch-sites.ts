import type { OnStep } from "../apply/steps.js";
import type { HoldRequest, SwitchRequest, SwitchResult } from "../apply/types.js";
import { FenceError } from "../base/errors.js";
import type { Mode } from "../base/mode.js";
import type { Spec } from "../spec/types.js";
import type { ChangeOptions } from "./change-options.js";
import type { Context } from "./context.js";
import type { Planned } from "./machine.js";

/** Who looks on, and may stop it. */
export interface Onlooker {
  onStep: OnStep;
  signal: AbortSignal;
}

/** What a command line asks for, without its words. */
export type SwitchOptions = Omit<ChangeOptions, "all"> & Pick<SwitchRequest, "onlyAt">;

/** What `fence down`, `up`, `hold` and `release` do, once it is agreed to. */
export async function switchSites(
  context: Pick<Context, "actor" | "commandLine">,
  made: Planned,
  mode: Mode,
  options: SwitchOptions,
  sites: readonly string[],
  onlooker: Onlooker,
): Promise<SwitchResult> {
  const request = requestOf(context, mode, options, sites);
  const [{ switchModes }, { readTree }] = await Promise.all([
    import("../apply/switch-modes.js"),
    import("../apply/render-tree.js"),
  ]);
  refuseNeverApplied(made.spec, readTree(made.spec.outputDir) !== null);
  return switchModes(made.plan, request, made.machine, onlooker);
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

function requestOf(
  context: Pick<Context, "actor" | "commandLine">,
  mode: Mode,
  options: SwitchOptions,
  sites: readonly string[],
): SwitchRequest {
  return {
    mode,
    sites,
    ...(options.onlyAt === undefined ? {} : { onlyAt: options.onlyAt }),
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

function holdOf(mode: Mode, options: SwitchOptions): HoldRequest {
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

function untilOf(options: SwitchOptions, nowMs: number): number | null {
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

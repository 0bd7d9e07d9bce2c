import type { RunOutcome } from "../apply/run-through.js";
import type { SwitchRequest, SwitchResult } from "../apply/types.js";
import { FenceError } from "../base/errors.js";
import { EXIT, type ExitName } from "../base/exit.js";
import { runForeground } from "../base/foreground.js";
import { printable } from "../base/printable.js";
import { checkBackends } from "../verify/backend-check.js";
import type { RunOptions } from "./commands/run.js";
import { changeObject, resultLines } from "./change-view.js";
import type { Context } from "./context.js";
import { planned } from "./machine.js";
import { notifyOf } from "./notification.js";
import { createProgress } from "./progress.js";
import { catchSignals } from "./signals.js";
import { chooseSites } from "./sites.js";

/** `fence run` @returns the exit code of the command, or one of fence's own */
export async function runCommand(
  context: Context,
  options: RunOptions,
  words: readonly string[],
): Promise<ExitName | number> {
  const { names, command } = split(words, process.argv);
  const made = await planned(context);
  const sites = chooseSites(made.spec, names);
  const [{ runThrough }, { readTree }] = await Promise.all([
    import("../apply/run-through.js"),
    import("../apply/render-tree.js"),
  ]);
  if (readTree(made.spec.outputDir) === null)
    throw new FenceError(
      "not-applied",
      `${made.spec.file} was never applied: there is no ${made.spec.outputDir}`,
    );
  const progress = createProgress(context);
  const interruption = catchSignals(context.err, "the command is told, and the sites end in a stated mode");
  const { signal } = interruption;
  let outcome: RunOutcome;
  try {
    const request = {
      sites,
      mode: options.mode,
      onFailure: options.onFailure,
      checkTimeoutMs: options.checkTimeout,
      by: context.actor,
      command: context.commandLine,
      switchTo: (mode: SwitchRequest["mode"]) => requestOf(context, options, sites, mode),
      act: () => {
        progress.pause();
        return runForeground(command, context.json ? 2 : "inherit", signal, () => handedOn(signal));
      },
      check: () => checkBackends(made.spec, sites, options.checkUrl ?? []),
    };
    const onStep = progress.event.bind(progress);
    outcome = await runThrough(made.plan, made.machine, request, { onStep, signal });
  } finally {
    progress.end();
    interruption.end();
  }
  print(context, outcome);
  await notifyOf(context, made.spec, options.reason, resultOf(outcome));
  return outcome.exit;
}

/** What stands behind the first `--` is the command; commander hands both over as one list. */
function split(words: readonly string[], argv: readonly string[]): { names: string[]; command: string[] } {
  const at = argv.indexOf("--");
  const command = at === -1 ? [] : argv.slice(at + 1);
  if (command.length === 0) {
    const hint = "write it behind --, as in: fence run main -- systemctl restart app";
    throw new FenceError("usage", "there is no command to run", { hint });
  }
  return { names: words.slice(0, words.length - command.length), command };
}

/** Ctrl-C on a terminal reaches the command by itself. */
function handedOn({ reason }: AbortSignal): NodeJS.Signals | null {
  if (reason instanceof FenceError && reason.code === "terminated") return "SIGTERM";
  return process.stdin.isTTY ? null : "SIGINT";
}

function requestOf(
  context: Context,
  options: RunOptions,
  sites: readonly string[],
  mode: SwitchRequest["mode"],
): SwitchRequest {
  return {
    mode,
    sites,
    reason: options.reason ?? null,
    message: null,
    untilMs: null,
    hold: {
      maxWaitMs: options.maxWait ?? null,
      maxHeld: options.maxHeld ?? null,
      forMs: mode === "hold" ? (options.for ?? null) : null,
      drainTimeoutMs: options.drainTimeout ?? null,
    },
    settleMs: null,
    timeoutMs: options.timeout ?? null,
    wait: true,
    dryRun: false,
    ifNotRunning: "fail",
    lockTimeoutMs: options.lockTimeout,
    by: context.actor,
    command: context.commandLine,
  };
}

function resultOf({ exit, sites }: RunOutcome): SwitchResult {
  return { exit: typeof exit === "number" ? "failed" : exit, sites, tookMs: 0 };
}

function print({ json, out }: Context, outcome: RunOutcome): void {
  const { exit, problems } = outcome;
  const result = resultOf(outcome);
  if (json) {
    const code = typeof exit === "number" ? exit : EXIT[exit];
    const told = {
      schema: "fence/run@1",
      exit: code,
      result: typeof exit === "number" ? "command-failed" : exit,
    };
    out.line(JSON.stringify({ ...told, problems, sites: changeObject(result)["sites"] }));
    return;
  }
  for (const problem of problems) out.line(printable(problem));
  for (const line of resultLines(result, out)) out.line(line);
}

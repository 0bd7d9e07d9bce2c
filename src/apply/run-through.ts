import { isoTime, waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { ForegroundResult } from "../base/foreground.js";
import { processInfo } from "../base/process-info.js";
import type { Plan } from "../plan/types.js";
import { removeRun, type RunRecord, type RunStep } from "../switch/run-record.js";
import { currentOf } from "./change.js";
import { claimRun, noteRun, refuseSecond } from "./claim-run.js";
import { shownMode } from "./hold.js";
import type { Machine } from "./machine.js";
import { Steps, type OnStep } from "./steps.js";
import { switchModes } from "./switch-modes.js";
import type { SiteOutcome, SwitchRequest } from "./types.js";

const CHECK_MS = 250;

export interface RunRequest {
  sites: readonly string[];
  /** none: the sites stay as they are. */
  mode: "hold" | "down" | "none";
  /** stay: what was not found well stays shut, and requests that wait get the maintenance answer. */
  onFailure: "stay" | "up";
  checkTimeoutMs: number;
  by: string;
  command: string;
  /** The switch to a mode, as the command line wants it. */
  switchTo(mode: "up" | "down" | "hold"): SwitchRequest;
  /** The user's program. */
  act(): Promise<ForegroundResult>;
  /** Sentences for what is not well. */
  check(): Promise<readonly string[]>;
}

export interface RunOutcome {
  /** A number is the program's own. */
  exit: ExitName | number;
  /** How the sites are left. */
  sites: readonly SiteOutcome[];
  /** What went wrong, in order. */
  problems: readonly string[];
}

interface Running {
  plan: Plan;
  machine: Machine;
  request: RunRequest;
  steps: Steps;
  onStep: OnStep;
  signal: AbortSignal;
  problems: string[];
  record: RunRecord;
}

/**
 * Shuts sites, runs a program, asks the backends, and lets the sites go on. What fails before the program has begun
 * opens them again; what fails later ends as `onFailure` says. A signal ends each step, and the sites in a stated mode.
 * @throws FenceError before anything was changed: run-under-way, not-up, lock-held, and whatever a switch throws
 */
export async function runThrough(
  plan: Plan,
  machine: Machine,
  request: RunRequest,
  options: { onStep: OnStep; signal: AbortSignal },
): Promise<RunOutcome> {
  const { stateDir } = plan.spec;
  refuse(plan, machine, request);
  const running: Running = {
    plan,
    machine,
    request,
    ...options,
    steps: new Steps(options.onStep),
    problems: [],
    record: {
      version: 1,
      pid: process.pid,
      start: processInfo(process.pid)?.start ?? "0",
      by: request.by,
      command: request.command,
      startedAt: isoTime(machine.now()),
      sites: request.sites,
      step: "switch",
    },
  };
  if (request.mode !== "none") {
    const { lockTimeoutMs } = request.switchTo(request.mode);
    await claimRun(plan, running.record, running.steps, { lockTimeoutMs, signal: options.signal });
  }
  try {
    return await runSteps(running);
  } finally {
    try {
      removeRun(stateDir);
    } catch (error) {
      running.steps.tell("done", "progress", (error as Error).message);
    }
  }
}

function refuse(plan: Plan, machine: Machine, { sites, mode }: RunRequest): void {
  refuseSecond(plan.spec.stateDir);
  if (mode === "none") return;
  const down = sites.filter((site) => shownMode(currentOf(plan, site).state, machine.now()) === "down");
  if (down.length === 0) return;
  throw new FenceError(
    "not-up",
    `${down.join(", ")} ${down.length === 1 ? "is" : "are"} down, and fence run would end with up`,
    {
      hint: "Nothing was changed. Bring it up first, or give --mode none to leave the modes alone.",
    },
  );
}

async function runSteps(running: Running): Promise<RunOutcome> {
  const { request, problems, signal } = running;
  const generations = new Map<string, number>();
  if (request.mode !== "none") {
    const { exit, sites } = await switching(running, request.mode, signal);
    for (const { site, generation } of sites) generations.set(site, generation);
    if (exit !== "ok" || signal.aborted) {
      problems.push("the command was not run: the sites were not shut as asked");
      return { ...(await open(running, sites)), exit: exit === "ok" ? signalExit(signal) : exit };
    }
  }
  note(running, "command");
  const { code, problem, hasStarted } = await commanded(running);
  let exit: ExitName | number = code === 0 ? "ok" : code;
  if (problem !== null) problems.push(problem);
  if (code === 0 && !signal.aborted && !(await isWell(running))) exit = "unwell";
  if (signal.aborted) exit = signalExit(signal);
  // What has not begun has changed nothing: whoever waits may go on.
  const target = exit === "ok" || !hasStarted || request.onFailure === "up" ? "up" : "down";
  return finish(running, generations, target, exit);
}

/** Before the program has begun nothing has changed at the backends: whoever waits may go on. */
async function open(
  running: Running,
  shut: readonly SiteOutcome[],
): Promise<Pick<RunOutcome, "sites" | "problems">> {
  const stuck = shut.filter(
    ({ result }) => result === "done" || result === "not-drained" || result === "unproven",
  );
  if (stuck.length === 0) return { sites: shut, problems: running.problems };
  note(running, "release");
  const names = stuck.map(({ site }) => site);
  const { sites } = await switching(running, "up", null, names);
  const rest = shut.filter(({ site }) => !names.includes(site));
  return { sites: [...rest, ...sites], problems: running.problems };
}

async function commanded({ request, steps }: Running): Promise<ForegroundResult> {
  steps.tell("command", "start", "run the command");
  const result = await request.act();
  steps.end("command", result.code === 0 ? "ok" : "failed", result.problem ?? "the command has ended with 0");
  return result;
}

async function isWell(running: Running): Promise<boolean> {
  const { request, steps, signal, problems } = running;
  note(running, "check");
  steps.tell("health", "start", "ask the backends");
  let last: readonly string[] = [];
  const well = await waitUntil(
    async () => {
      const seen = await request.check();
      if (seen.length > 0 && seen.join() !== last.join()) steps.tell("health", "progress", seen[0] ?? "");
      last = seen;
      return seen.length === 0 ? true : null;
    },
    { timeoutMs: request.checkTimeoutMs, intervalMs: CHECK_MS, signal },
  ).catch(() => null);
  if (well === null) problems.push(...last.map((problem) => `not well: ${problem}`));
  steps.end(
    "health",
    well === null ? "failed" : "ok",
    well === null ? "the backends are not well" : "the backends are well",
  );
  return well !== null;
}

/** Opens the sites, or has them stay shut; those that somebody else has switched meanwhile are left alone. */
async function finish(
  running: Running,
  generations: ReadonlyMap<string, number>,
  target: "up" | "down",
  exit: ExitName | number,
): Promise<RunOutcome> {
  const { plan, problems } = running;
  note(running, "release");
  if (generations.size === 0) return { exit, sites: [], problems };
  // A signal has stopped the work; the sites must come to their mode all the same.
  const more = { onlyAt: generations, ...(exit === "ok" ? {} : { why: whyOf(running) }) };
  const last = await switching(running, target, null, [...generations.keys()], more);
  const strange = [...generations.keys()].filter((name) => !last.sites.some(({ site }) => site === name));
  for (const site of strange) {
    const { mode } = currentOf(plan, site).state;
    problems.push(`${site} was switched to ${mode} by somebody else meanwhile, and is left so`);
  }
  const failed = last.exit !== "ok" ? last.exit : strange.length > 0 ? "unproven" : "ok";
  return { exit: exit === "ok" ? failed : exit, sites: last.sites, problems };
}

/** Whoever finds the site as the run has left it is to know. */
function whyOf({ problems, signal }: Running): string {
  const reasons = signal.aborted
    ? [...problems, `stopped by ${signalExit(signal) === "terminated" ? "SIGTERM" : "SIGINT"}`]
    : problems;
  return `fence run: ${reasons.join("; ")}`;
}

function switching(
  { plan, machine, request, onStep }: Running,
  mode: "up" | "down" | "hold",
  signal: AbortSignal | null,
  sites: readonly string[] = request.sites,
  more: Pick<SwitchRequest, "onlyAt" | "why"> = {},
): ReturnType<typeof switchModes> {
  const options = signal === null ? { onStep } : { onStep, signal };
  return switchModes(plan, { ...request.switchTo(mode), ...more, sites }, machine, options);
}

function note({ plan, record, steps }: Running, step: RunStep): void {
  noteRun(plan.spec.stateDir, { ...record, step }, steps);
}

function signalExit(signal: AbortSignal): ExitName {
  const reason: unknown = signal.reason;
  return reason instanceof FenceError && reason.code === "terminated" ? "terminated" : "interrupted";
}

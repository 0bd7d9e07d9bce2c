import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import { siteNamed } from "../plan/plan.js";
import type { Plan } from "../plan/types.js";
import { alreadyThere } from "./already.js";
import { carryOut } from "./carry-out.js";
import { changeTo, currentOf, type Change, type Current } from "./change.js";
import type { Conduct } from "./conduct.js";
import { drain } from "./drain.js";
import { dryRun } from "./dry-run.js";
import { exitOf } from "./exit-of.js";
import { shownMode } from "./hold.js";
import type { Machine } from "./machine.js";
import { stageChanges } from "./staging.js";
import { makeRunFolders } from "./run-folders.js";
import { refuseMode, refuseUnwired } from "./refusing.js";
import { Steps, type OnStep } from "./steps.js";
import type { SiteOutcome, SwitchRequest, SwitchResult } from "./types.js";
import { underLock } from "./under-lock.js";
import { wantedOf } from "./wanted.js";

export interface SwitchOptions {
  onStep?: OnStep;
  /** Aborts at SIGINT or SIGTERM; its reason a FenceError interrupted or terminated. */
  signal?: AbortSignal;
}

/**
 * Takes sites to a mode: safety, lock, recovery, stage, config test, journal, commit, settle, proof, and back
 * again where the proof fails.
 * @returns what became of each site, in the order of the request, and the exit code
 * @throws FenceError when nothing was changed
 */
export async function switchModes(
  plan: Plan,
  request: SwitchRequest,
  machine: Machine,
  options: SwitchOptions = {},
): Promise<SwitchResult> {
  const steps = new Steps(options.onStep);
  for (const { server, site } of plan.switchPoints)
    if (request.sites.includes(site)) refuseMode(plan, server, machine.modesOf(server, site), request.mode);
  // One that holds already may be told to hold for longer, whatever becomes of the config meanwhile.
  if (request.mode === "hold")
    await refuseUnwired(
      plan,
      machine,
      request.sites.filter((name) => shownMode(currentOf(plan, name).state, machine.now()) !== "hold"),
    );
  if (request.dryRun) return dryRun(plan, request, machine, steps);
  const { lockTimeoutMs, by, command } = request;
  const { signal } = options;
  const lock = { lockTimeoutMs, by, command, sites: request.sites, signal };
  return underLock(plan, machine, steps, lock, async () => {
    const sites = request.sites.filter((name) => isStillAt(plan, name, request.onlyAt));
    if (sites.length === 0) return { exit: "ok", sites: [], tookMs: steps.elapsedMs };
    if (request.wait) await refuseUntellable(plan, machine, sites);
    const outcomes = new Map<string, SiteOutcome>();
    const changes: Change[] = [];
    for (const name of sites) {
      const current = await withoutDeadGate(currentOf(plan, name, request.mode), request.mode, machine);
      const wanted = wantedOf(request, current, machine.now());
      let already: SiteOutcome | null = null;
      if (current.damage === null) {
        already = await alreadyThere(plan, machine, steps, current, wanted, request, signal);
      } else {
        steps.tell("check", "progress", `warning: ${current.damage}; it is written anew`, name);
      }
      if (already === null) changes.push(changeTo(current, wanted, machine.now()));
      else outcomes.set(name, already);
    }
    const { wait, settleMs, timeoutMs } = request;
    const drains = { timeoutMs: request.hold?.drainTimeoutMs ?? null };
    const draining: Conduct = {
      plan,
      machine,
      steps,
      signal,
      by,
      command,
      why: "",
      wait,
      settleMs,
      timeoutMs,
      drain: wait ? drains : null,
    };
    let exit: ExitName = "ok";
    if (changes.length > 0) {
      await openGate(plan, machine, steps, changes);
      await refuseNotRunning(machine, changes, request);
      const outdated = await stageChanges(plan, machine, steps, changes);
      const why = changes.find(({ to }) => to.reason !== "")?.to.reason ?? request.why ?? "";
      const carried = await carryOut(changes, { ...draining, why });
      for (const outcome of carried.sites) outcomes.set(outcome.site, withCause(outcome, outdated));
      exit = carried.exit;
    } else {
      for (const [name, outcome] of outcomes) outcomes.set(name, await drainAlready(outcome, plan, draining));
      exit = exitOf([...outcomes.values()], { isLoose: false, waited: wait, signal });
      steps.tell("done", exit === "ok" ? "ok" : "failed", `already ${request.mode}`);
    }
    try {
      await closeGate(plan, machine, request.mode);
    } catch (error) {
      // The sites are where they are by now.
      steps.tell("gate", "failed", `the gate was not told to end: ${(error as Error).message}`);
      if (exit === "ok") exit = "unproven";
    }
    return { exit, sites: sites.flatMap((name) => outcomes.get(name) ?? []), tookMs: steps.elapsedMs };
  });
}

function isStillAt(plan: Plan, site: string, onlyAt: SwitchRequest["onlyAt"]): boolean {
  return onlyAt === undefined || currentOf(plan, site).state.generation === onlyAt.get(site);
}

/** What a server sends to the gate must find it there. @throws FenceError gate-failed */
async function openGate(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  changes: readonly Change[],
): Promise<void> {
  const isNeeded = changes.some(
    ({ to, points }) => to.mode === "hold" && points.some(({ kind }) => kind === "gate"),
  );
  if (!isNeeded) return;
  steps.tell("gate", "start", "have the gate ready");
  await makeRunFolders(plan);
  await machine.ensureGate();
  steps.end("gate", "ok", "the gate is ready");
}

/**
 * Once no site is held, nobody sends it anything but the uploads that began before: they may pass where a site is up,
 * and not where one goes down.
 */
async function closeGate(plan: Plan, machine: Machine, mode: Mode): Promise<void> {
  const isNeeded = plan.gatePoints.some(({ site }) => currentOf(plan, site).state.mode === "hold");
  if (plan.gatePoints.length === 0 || isNeeded) return;
  await machine.stopGate(mode === "down" ? "at once" : "when idle");
}

/** One that has ended has nobody waiting: what it would do at its next start is no concern of a site that is not held. */
async function withoutDeadGate(current: Current, mode: Mode, machine: Machine): Promise<Current> {
  const gate = current.points.find(({ kind }) => kind === "gate");
  if (gate === undefined || mode === "hold") return current;
  if ((await machine.findMaster(gate.server)).running !== "no") return current;
  return { ...current, points: current.points.filter((point) => point !== gate) };
}

/** A hold that is in force already may still have requests at the backends. */
async function drainAlready(outcome: SiteOutcome, plan: Plan, conduct: Conduct): Promise<SiteOutcome> {
  const points = plan.switchPoints.filter(({ site }) => site === outcome.site);
  return drain(outcome, siteNamed(plan.spec, outcome.site), points, false, conduct);
}

/** A host or a listener that the spec has and the servers do not know yet is why a proof may fail. */
function withCause(outcome: SiteOutcome, outdated: ReadonlySet<string>): SiteOutcome {
  const names = outcome.servers.map(({ server }) => server).filter((server) => outdated.has(server));
  if (names.length === 0 || !["failed", "rolled-back"].includes(outcome.result)) return outcome;
  const cause = `the config of ${names.join(", ")} on disk is not what the spec renders to: fence apply --reload first`;
  return { ...outcome, problems: [...outcome.problems, cause] };
}

/**
 * Where another process may hold the port, nothing can be proven: said at once, rather than at the deadline.
 * @throws FenceError server-not-running
 */
async function refuseUntellable(plan: Plan, machine: Machine, sites: readonly string[]): Promise<void> {
  const points = plan.switchPoints.filter(({ site }) => sites.includes(site));
  for (const server of new Set(points.map((point) => point.server))) {
    const master = await machine.findMaster(server);
    if (master.running !== "unknown") continue;
    throw new FenceError(
      "server-not-running",
      `it cannot be told whether ${server} is running: ${master.problem ?? "no process"}`,
      { hint: "Nothing was changed. --no-wait switches without any proof." },
    );
  }
}

/** @throws FenceError server-not-running */
async function refuseNotRunning(
  machine: Machine,
  changes: readonly Change[],
  request: SwitchRequest,
): Promise<void> {
  if (request.ifNotRunning === "stage") return;
  for (const server of new Set(serversOf(changes))) {
    const master = await machine.findMaster(server);
    if (master.running !== "no") continue;
    throw new FenceError(
      "server-not-running",
      `${server} is not running: ${master.problem ?? "no process"}`,
      {
        hint: "Start it, or prepare the mode for its start with --if-not-running=stage.",
      },
    );
  }
}

/** Without the gate: one that is gone must not keep a site held. */
function serversOf(changes: readonly Change[]): string[] {
  return changes.flatMap(({ points }) =>
    points.filter(({ kind }) => kind !== "gate").map(({ server }) => server),
  );
}

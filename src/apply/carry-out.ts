import { randomBytes } from "node:crypto";
import { isoTime } from "../base/clock.js";
import type { ExitName } from "../base/exit.js";
import { appendHistory } from "../switch/history.js";
import { beginJournal, removeJournal, type Journal } from "../switch/journal.js";
import { prune } from "../switch/stage.js";
import type { SiteState } from "../switch/types.js";
import type { Change } from "./change.js";
import { commitAll } from "./commit-all.js";
import type { Conduct } from "./conduct.js";
import { drain, followGate } from "./drain.js";
import { exitOf, stopped } from "./exit-of.js";
import { outcomeOf, saveState, type Moving } from "./moving.js";
import { provePoints, type Proved } from "./settle.js";
import { unstageChanges } from "./staging.js";
import type { Steps } from "./steps.js";
import type { ServerOutcome, SiteOutcome } from "./types.js";
import { undoSites } from "./undo.js";

export interface CarriedOut {
  sites: readonly SiteOutcome[];
  exit: ExitName;
}

/**
 * Carries staged changes out: journal, commit, settle, proof; undo where the proof fails; states, history. Call it
 * under the lock. From the first rename on it does not throw for anything that the disk or a server does.
 * @throws FileError, NotDurable, FenceError interrupted, terminated: nothing is in force, what was staged is removed
 */
export async function carryOut(changes: readonly Change[], conduct: Conduct): Promise<CarriedOut> {
  const { stateDir } = conduct.plan.spec;
  const journal = journalOf(changes, conduct);
  // Nothing waits between these two, so a signal comes either before both or after both.
  begin(stateDir, journal, changes, conduct);
  const moving = await commitAll(stateDir, changes, conduct.steps, (one, gate) =>
    followGate(one.change, gate, conduct),
  );

  const proved = conduct.wait ? await settle(moving, conduct) : unproven(moving);
  const outcomes = new Map<string, SiteOutcome>();
  const broken: Moving[] = [];
  for (const one of moving) {
    const result = proved.get(one);
    one.problems.push(...(result?.problems ?? []));
    if (result === undefined || result.servers.some((server) => server.result === "failed")) broken.push(one);
    else outcomes.set(one.change.site.name, finish(stateDir, one, result.servers));
  }
  await Promise.all(moving.map((one) => drainOne(one, outcomes, conduct)));
  if (broken.length > 0) {
    for (const outcome of await undoSites(broken, proved, journal, conduct))
      outcomes.set(outcome.site, outcome);
  }
  const sites = changes.flatMap(({ site }) => outcomes.get(site.name) ?? []);
  return end(journal, moving, sites, conduct);
}

async function drainOne(
  { change }: Moving,
  outcomes: Map<string, SiteOutcome>,
  conduct: Conduct,
): Promise<void> {
  const { site, points, from } = change;
  const outcome = outcomes.get(site.name);
  if (outcome === undefined) return;
  outcomes.set(site.name, await drain(outcome, site, points, from.mode === "hold", conduct));
}

function begin(
  stateDir: string,
  journal: Journal,
  changes: readonly Change[],
  { signal, steps, by }: Conduct,
): void {
  try {
    if (signal?.aborted) throw stopped(signal);
    steps.tell("journal", "start", `write down what ${by} asks for`);
    beginJournal(stateDir, journal);
    steps.end("journal", "ok", "written down");
  } catch (error) {
    unstageChanges(changes);
    throw error;
  }
}

async function settle(moving: readonly Moving[], conduct: Conduct): Promise<Map<Moving, Proved>> {
  const { machine, steps, signal } = conduct;
  const proved = new Map<Moving, Proved>();
  steps.tell("settle", "start", "wait until every worker and every listener shows it");
  await Promise.all(
    moving.map(async (one) => {
      if (one.isBroken) return;
      const { site, points, to } = one.change;
      const delayMs = conduct.settleMs ?? site.settle.delayMs;
      const timeoutMs = conduct.timeoutMs ?? site.settle.timeoutMs;
      const expected = { mode: to.mode, generation: to.generation };
      proved.set(one, await provePoints(machine, steps, points, expected, { delayMs, timeoutMs, signal }));
    }),
  );
  const isSettled = moving.every((one) =>
    proved.get(one)?.servers.every(({ result }) => result === "done" || result === "staged"),
  );
  steps.end("settle", isSettled ? "ok" : "failed", isSettled ? "settled" : "not everything shows it");
  return proved;
}

/** --no-wait: nobody looked. A site whose commit failed must go back all the same. */
function unproven(moving: readonly Moving[]): Map<Moving, Proved> {
  const proved = new Map<Moving, Proved>();
  for (const one of moving) {
    if (one.isBroken) continue;
    const servers = one.change.points.map(({ server }): ServerOutcome => ({
      server,
      result: "unproven",
      proof: null,
    }));
    proved.set(one, { servers, problems: [] });
  }
  return proved;
}

/** The site stays in its new mode: write that down. */
function finish(stateDir: string, one: Moving, servers: readonly ServerOutcome[]): SiteOutcome {
  const results = servers.map((server) => server.result);
  const proof: SiteState["proof"] = results.includes("unproven")
    ? "unproven"
    : results.includes("staged")
      ? "staged"
      : "proven";
  saveState(stateDir, one, { ...one.change.to, proof });
  // Where one server shows it and another one is not running, the site is done: its clients get the new mode.
  const result = proof === "unproven" ? "unproven" : results.includes("done") ? "done" : "staged";
  return outcomeOf(one, result, one.change.to, servers);
}

function end(
  journal: Journal,
  moving: readonly Moving[],
  sites: readonly SiteOutcome[],
  conduct: Conduct,
): CarriedOut {
  const { steps, signal, wait: waited } = conduct;
  const { stateDir } = conduct.plan.spec;
  const exitNow = (): ExitName =>
    exitOf(sites, { isLoose: moving.some((one) => one.isLoose), waited, signal });
  // History before journal: a crash in between tells the change twice (same id) rather than never.
  record(journal, sites, exitNow(), conduct);
  if (moving.every((one) => !one.keepsJournal)) closeJournal(stateDir, moving);
  pruneAll(moving, steps);
  const exit = exitNow();
  steps.tell(
    "done",
    exit === "ok" ? "ok" : "failed",
    sites.map((one) => `${one.site}: ${one.result}`).join(", "),
  );
  return { sites, exit };
}

function record(journal: Journal, outcomes: readonly SiteOutcome[], exit: ExitName, conduct: Conduct): void {
  const { steps, by, command, why } = conduct;
  const { id, startedAt: at } = journal;
  const sites = outcomes.map(({ site, from, to, generation, result }) => ({
    site,
    from,
    to,
    generation,
    result,
  }));
  const tookMs = Math.round(steps.elapsedMs);
  try {
    const entry = { id, at, by, command, why, sites, steps: steps.durations, tookMs, exit, finishedBy: null };
    appendHistory(conduct.plan.spec.stateDir, { version: 1, ...entry });
  } catch (error) {
    // A full disk loses the line, not the change.
    steps.tell("done", "progress", `the history could not be written: ${(error as Error).message}`);
  }
}

function closeJournal(stateDir: string, moving: readonly Moving[]): void {
  try {
    removeJournal(stateDir);
  } catch (error) {
    for (const one of moving) one.isLoose = true;
    moving[0]?.problems.push((error as Error).message);
  }
}

function pruneAll(moving: readonly Moving[], steps: Steps): void {
  try {
    for (const { change } of moving)
      for (const point of change.points) prune(point, [change.from.generation]);
  } catch (error) {
    steps.tell("done", "progress", `old generations could not be removed: ${(error as Error).message}`);
  }
}

function journalOf(changes: readonly Change[], conduct: Conduct): Journal {
  const sites = changes.map(({ site, points, from, to }) => {
    const generations = { fromGeneration: from.generation, toGeneration: to.generation };
    return {
      site: site.name,
      from,
      to,
      points: points.map(({ server, form }) => ({ server, form, ...generations })),
    };
  });
  const { machine, by, command, why } = conduct;
  const id = randomBytes(8).toString("hex");
  return { version: 1, id, direction: "forward", startedAt: isoTime(machine.now()), by, command, why, sites };
}

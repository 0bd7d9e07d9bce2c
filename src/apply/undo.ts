import { NotDurable } from "../base/file-error.js";
import { commit } from "../switch/commit.js";
import { writeJournal, type Journal } from "../switch/journal.js";
import { readOnDisk } from "../switch/on-disk.js";
import type { Conduct } from "./conduct.js";
import { shownMode } from "./hold.js";
import { outcomeOf, saveState, type Moving } from "./moving.js";
import { provePoints, type Proved } from "./settle.js";
import type { ServerOutcome, SiteOutcome } from "./types.js";

/**
 * Takes sites back to the mode that they came from, on all their servers, and proves it.
 * Never throws for what the disk or a server does: a site that cannot be taken back is told as "failed".
 */
export async function undoSites(
  broken: readonly Moving[],
  proved: ReadonlyMap<Moving, Proved>,
  journal: Journal,
  conduct: Conduct,
): Promise<SiteOutcome[]> {
  const { steps, plan } = conduct;
  steps.tell(
    "undo",
    "start",
    `put the previous mode back: ${broken.map((one) => one.change.site.name).join(", ")}`,
  );
  const names = new Set(broken.map((one) => one.change.site.name));
  const sites = journal.sites.filter((one) => names.has(one.site));
  try {
    writeJournal(plan.spec.stateDir, { ...journal, direction: "undo", sites });
  } catch (error) {
    // Going back matters more than writing that we go back.
    steps.tell("undo", "progress", (error as Error).message);
  }
  for (const one of broken) putBack(one, conduct);
  const outcomes = await Promise.all(broken.map((one) => proveUndone(one, proved.get(one), conduct)));
  const isUndone = outcomes.every((one) => one.result === "rolled-back");
  steps.end(
    "undo",
    isUndone ? "ok" : "failed",
    isUndone ? "the previous mode is back" : "not everything could be put back",
  );
  return outcomes;
}

function putBack(one: Moving, { steps }: Conduct): void {
  const { points, from } = one.change;
  for (const point of points) {
    if (readOnDisk(point).generation === from.generation) continue;
    try {
      commit(point, from.generation);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof NotDurable) one.isLoose = true;
      else one.keepsJournal = true;
      one.problems.push(`${point.server}: ${message}`);
      steps.tell("undo", "failed", message, point.site, point.server);
    }
  }
}

async function proveUndone(one: Moving, before: Proved | undefined, conduct: Conduct): Promise<SiteOutcome> {
  const { plan, machine, steps, signal } = conduct;
  const { site, points, to } = one.change;
  const from = { ...one.change.from, lastGeneration: to.lastGeneration };
  if (one.keepsJournal) {
    one.problems.push(`NOT UNDONE: ${whereIsWhat(one)}; run fence status, then the same command again`);
    return outcomeOf(
      one,
      "failed",
      from,
      points.map(({ server }) => ({ server, result: "failed", proof: null })),
    );
  }
  const timeoutMs = conduct.timeoutMs ?? site.settle.timeoutMs;
  const expected = { mode: shownMode(from, machine.now()), generation: from.generation };
  const proof = await provePoints(machine, steps, points, expected, {
    delayMs: 0,
    timeoutMs,
    signal,
    step: "undo",
  });
  const results = proof.servers.map((server) => server.result);
  const isBack = results.every((result) => result === "done" || result === "staged");
  const isStopped = results.includes("unproven");
  saveState(plan.spec.stateDir, one, {
    ...from,
    proof: !isBack ? "unproven" : results.includes("staged") ? "staged" : "proven",
  });
  const servers = proof.servers.map((server): ServerOutcome => {
    const first = before?.servers.find((other) => other.server === server.server)?.proof ?? null;
    if (server.result === "failed" || server.result === "staged") return server;
    return { server: server.server, result: "undone", proof: first };
  });
  // Of a server that has stopped meanwhile: nobody sees the mode that is back.
  if (isBack) one.problems.push(...proof.problems);
  if (isBack) return outcomeOf(one, "rolled-back", from, servers);
  one.problems.push(...proof.problems);
  if (isStopped && !results.includes("failed")) {
    one.problems.push(`${from.mode} is back on disk; the wait for its proof was stopped`);
    return outcomeOf(one, "rolled-back", from, servers);
  }
  one.problems.push(
    `NOT PROVEN: ${from.mode} is back on disk (${whereIsWhat(one)}), but not everything shows it`,
  );
  return outcomeOf(one, "failed", from, servers);
}

function whereIsWhat(one: Moving): string {
  return one.change.points
    .map((point) => {
      const { mode, generation } = readOnDisk(point);
      return `${point.server} has ${mode ?? "nothing"}${generation === null ? "" : `, generation ${generation}`} in ${point.active}`;
    })
    .join("; ");
}

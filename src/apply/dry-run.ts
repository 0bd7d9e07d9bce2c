import type { Plan } from "../plan/types.js";
import { readUnfinished } from "../switch/journal.js";
import { changeTo, currentOf, valuesOf } from "./change.js";
import type { Machine } from "./machine.js";
import type { Steps } from "./steps.js";
import type { ServerOutcome, SiteOutcome, SwitchRequest, SwitchResult } from "./types.js";
import { checkState } from "./under-lock.js";
import { holds, wantedOf } from "./wanted.js";

/** What a switch would do. Takes no lock and writes nothing, so another fence may make it untrue at once. */
export async function dryRun(
  plan: Plan,
  request: SwitchRequest,
  machine: Machine,
  steps: Steps,
): Promise<SwitchResult> {
  checkState(plan);
  const unfinished = readUnfinished(plan.spec.stateDir);
  if (unfinished.kind !== "none")
    steps.tell("recover", "skipped", "an unfinished change would be finished or undone first");
  const sites: SiteOutcome[] = [];
  for (const name of request.sites) sites.push(await foresee(plan, request, machine, steps, name));
  return { exit: "ok", sites, tookMs: steps.elapsedMs };
}

async function foresee(
  plan: Plan,
  request: SwitchRequest,
  machine: Machine,
  steps: Steps,
  name: string,
): Promise<SiteOutcome> {
  const current = currentOf(plan, name, request.mode);
  const wanted = wantedOf(request, current, machine.now());
  const { points, state } = current;
  const servers: ServerOutcome[] = [];
  const problems: string[] = [];
  for (const point of points) {
    const { running } = await machine.findMaster(point.server);
    servers.push({ server: point.server, result: running === "no" ? "staged" : "unproven", proof: null });
    if (running !== "no") continue;
    const fails = request.ifNotRunning === "fail";
    problems.push(
      `${point.server} is not running: ${fails ? "the command would fail" : "the mode would take effect when it starts"}`,
    );
  }
  const to = request.mode;
  if (holds(current, wanted)) {
    const { generation, since } = state;
    const expiresMs = state.hold?.expiresMs ?? null;
    return {
      site: name,
      from: current.mode,
      to,
      result: "already",
      generation,
      since,
      expiresMs,
      servers,
      problems,
    };
  }
  const change = changeTo(current, wanted, machine.now());
  for (const point of points) {
    // Rendered, so that a value that a server cannot carry is found now.
    machine.renderVariant(point, valuesOf(change.to));
    steps.tell(
      "commit",
      "skipped",
      `would put generation ${change.to.generation} (${to}) in force at ${point.active}`,
      name,
      point.server,
    );
  }
  const { generation, since, hold } = change.to;
  const told = { generation, since, expiresMs: hold?.expiresMs ?? null, servers, problems };
  return { site: name, from: current.mode, to, result: "dry-run", ...told };
}

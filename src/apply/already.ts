import { FenceError } from "../base/errors.js";
import type { Plan } from "../plan/types.js";
import { writeState } from "../switch/state.js";
import type { SiteState } from "../switch/types.js";
import type { Current, Wanted } from "./change.js";
import type { Machine } from "./machine.js";
import { provePoints } from "./settle.js";
import type { Steps } from "./steps.js";
import type { ServerOutcome, SiteOutcome, SwitchRequest } from "./types.js";
import { holds } from "./wanted.js";

/**
 * The outcome "already" when disk and servers are exactly where the request wants them; null when the site must be
 * switched. A site that was left unproven or staged is proven now. Nothing but the state's `proof` is written.
 * @throws FenceError server-not-running
 */
export async function alreadyThere(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  current: Current,
  wanted: Wanted,
  request: SwitchRequest,
  signal: AbortSignal | undefined,
): Promise<SiteOutcome | null> {
  if (!holds(current, wanted)) return null;
  const { site, points, state } = current;
  if (!request.wait)
    return already(
      current,
      points.map(({ server }) => ({ server, result: "unproven", proof: null })),
      [],
    );

  // One look is enough only where a whole proof came before it: of what was staged no server has shown anything yet.
  const looks = state.proof === "proven" ? await servedAsStated(machine, current) : null;
  if (looks === "differs") return null;
  if (looks !== null) return finish(plan, current, looks, request);

  const timeoutMs = request.timeoutMs ?? site.settle.timeoutMs;
  const expected = { mode: state.mode, generation: state.generation };
  steps.tell("proof", "start", `${site.name} is ${state.mode} on disk; prove it`, site.name);
  const { servers } = await provePoints(machine, steps, points, expected, { delayMs: 0, timeoutMs, signal });
  if (signal?.aborted) return null;
  if (servers.some(({ result }) => result === "failed")) {
    steps.end("proof", "failed", `${site.name} does not show what is on disk; switch it again`);
    return null;
  }
  steps.end("proof", "ok", `${site.name} shows it`);
  return finish(plan, current, servers, request);
}

/** One look at each server. null: one of them came to nothing, which says neither. */
async function servedAsStated(
  machine: Machine,
  current: Current,
): Promise<ServerOutcome[] | "differs" | null> {
  const { points, state } = current;
  const servers: ServerOutcome[] = [];
  for (const point of points) {
    const seen = await machine.observe(point);
    if (seen.running === "no") servers.push({ server: point.server, result: "staged", proof: null });
    else if (seen.mode === "unknown") return null;
    else if (seen.mode !== state.mode || seen.generation !== state.generation) return "differs";
    else servers.push({ server: point.server, result: "done", proof: null });
  }
  return servers;
}

function finish(
  plan: Plan,
  current: Current,
  servers: readonly ServerOutcome[],
  request: SwitchRequest,
): SiteOutcome {
  const idle = servers.filter(({ result }) => result === "staged").map(({ server }) => server);
  if (idle.length > 0 && request.ifNotRunning === "fail") {
    throw new FenceError("server-not-running", `${idle.join(", ")} is not running`);
  }
  const proof: SiteState["proof"] = idle.length > 0 ? "staged" : "proven";
  if (proof !== current.state.proof) writeState(plan.spec.stateDir, { ...current.state, proof });
  return already(
    current,
    servers,
    idle.map((server) => `${server} is not running: ${current.state.mode} takes effect when it starts`),
  );
}

function already(
  current: Current,
  servers: readonly ServerOutcome[],
  problems: readonly string[],
): SiteOutcome {
  const { site, state } = current;
  const { generation, since, mode, hold } = state;
  const expiresMs = hold?.expiresMs ?? null;
  const told = { generation, since, expiresMs, servers, problems };
  return { site: site.name, from: mode, to: mode, result: "already", ...told };
}

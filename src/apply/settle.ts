import type { SwitchPoint } from "../servers/adapter.js";
import type { Expected, Proof } from "../verify/types.js";
import type { Machine } from "./machine.js";
import type { Steps } from "./steps.js";
import type { ServerOutcome, Step } from "./types.js";

export interface SettleOptions {
  /** Least time before done may be said. */
  delayMs: number;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** Under which step it is told. */
  step?: Step;
}

export interface Proved {
  servers: readonly ServerOutcome[];
  problems: readonly string[];
}

/**
 * Waits until every server of one site shows what is expected. A server that does not run has nothing to show:
 * its variant is staged for its next start. Never rejects.
 */
export async function provePoints(
  machine: Machine,
  steps: Steps,
  points: readonly SwitchPoint[],
  expected: Expected,
  options: SettleOptions,
): Promise<Proved> {
  const all = await Promise.all(points.map((point) => provePoint(machine, steps, point, expected, options)));
  return { servers: all.map(({ outcome }) => outcome), problems: all.flatMap(({ problems }) => problems) };
}

async function provePoint(
  machine: Machine,
  steps: Steps,
  point: SwitchPoint,
  expected: Expected,
  options: SettleOptions,
): Promise<{ outcome: ServerOutcome; problems: string[] }> {
  const { site, server } = point;
  const step = options.step ?? "proof";
  let proof: Proof;
  try {
    const master = await machine.findMaster(server);
    if (master.running === "no") {
      const text = `${server} is not running: ${expected.mode} takes effect when it starts`;
      steps.tell(step, "skipped", text, site, server);
      return { outcome: { server, result: "staged", proof: null }, problems: [text] };
    }
    proof = await machine.prove(point, expected, {
      delayMs: options.delayMs,
      timeoutMs: options.timeoutMs,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onLook(observation) {
        const text =
          observation.problems[0] ??
          `shows ${observation.mode}, generation ${observation.generation ?? "unknown"}`;
        steps.tell(step, "progress", text, site, server);
      },
    });
  } catch (error) {
    const text = `${server}: the proof itself failed: ${(error as Error).message}`;
    steps.tell(step, "failed", text, site, server);
    return { outcome: { server, result: "failed", proof: null }, problems: [text] };
  }
  if (proof.proven) {
    steps.tell(
      step,
      "ok",
      `${server} shows ${expected.mode}, generation ${expected.generation}`,
      site,
      server,
    );
    return { outcome: { server, result: "done", proof }, problems: [] };
  }
  const problems = proof.problems.map((problem) => `${server}: ${problem}`);
  steps.tell(step, "failed", problems[0] ?? `${server}: not proven`, site, server);
  const result = options.signal?.aborted ? "unproven" : "failed";
  return { outcome: { server, result, proof }, problems };
}

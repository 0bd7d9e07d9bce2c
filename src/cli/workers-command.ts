import { join } from "node:path";
import { FenceError, type ErrorCode } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { printable } from "../base/printable.js";
import type { Spec } from "../spec/types.js";
import type { SetCommand } from "../workers/supervisor.js";
import type { Outcome } from "../workers/types.js";
import type { Context } from "./context.js";

/** No server has a name with "_" in it. */
export function workersFolder(spec: Spec): string {
  return join(spec.runDir, "_workers");
}

/** @throws FenceError unknown-worker */
export function someWorkers(spec: Spec): void {
  if (spec.workers.length > 0) return;
  throw new FenceError("unknown-worker", `${spec.file} has no worker`, {
    hint: "Add a [worker.NAME] table.",
  });
}

/** One command on the supervisor that runs. @throws FenceError workers-not-running, and what became of it */
export async function command(
  context: Context,
  spec: Spec,
  what: SetCommand,
  name: string | null,
): Promise<ExitName> {
  const { SupervisorClient } = await import("../workers/client.js");
  const client = await SupervisorClient.connect(workersFolder(spec));
  if (client === null) throw notRunning();
  try {
    return report(context, what, await client.command(what, name));
  } finally {
    client.close();
  }
}

function cutText(cut: number): string {
  const [what, were] = cut === 1 ? ["connection", "was"] : ["connections", "were"];
  return `${cut} ${what} ${were} still open when the grace was over, and ${were} ended`;
}

export function notRunning(): FenceError {
  return new FenceError("workers-not-running", "no supervisor of workers runs", {
    hint: "fence workers start puts one into the background; fence workers run is one.",
  });
}

/** @throws FenceError of a single worker that failed */
export function report(context: Context, what: string, outcomes: readonly Outcome[]): ExitName {
  const failed = outcomes.filter(({ result }) => result === "failed");
  if (context.json)
    context.out.line(JSON.stringify({ schema: "fence/workers-change@1", command: what, workers: outcomes }));
  else
    for (const { result, sentence, tookMs, cut } of outcomes.filter(({ result }) => result !== "failed")) {
      const took = result === "already" ? "" : `, in ${(tookMs / 1000).toFixed(1)} s`;
      context.out.line(printable(`${sentence}${took}`));
      if (cut > 0) context.out.line(cutText(cut));
    }
  const [first] = failed;
  if (first !== undefined) {
    const others = failed.slice(1).map(({ sentence }) => `\n${sentence}`);
    throw new FenceError((first.code ?? "internal") as ErrorCode, `${first.sentence}${others.join("")}`, {
      ...(first.hint === null ? {} : { hint: first.hint }),
      ...(failed.length < outcomes.length ? { exit: "partial" } : {}),
    });
  }
  return outcomes.some(({ cut }) => cut > 0) ? "unproven" : "ok";
}

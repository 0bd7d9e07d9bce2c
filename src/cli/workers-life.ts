import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { ownArguments } from "../base/own-files.js";
import { openLog } from "../base/log-file.js";
import type { Spec } from "../spec/types.js";
import type { SetFacts, StatusFacts } from "../workers/types.js";
import type { WorkersOptions } from "./commands/workers.js";
import type { Context } from "./context.js";
import { command, notRunning, report, someWorkers, workersFolder } from "./workers-command.js";

const LOG_MODE = 0o600;

/** `fence workers start`: a supervisor in the background, or one that runs starts what was stopped. */
export async function startWorkers(
  context: Context,
  options: WorkersOptions,
  spec: Spec,
  name: string | null,
): Promise<ExitName> {
  someWorkers(spec);
  const { SupervisorClient } = await import("../workers/client.js");
  const running = await SupervisorClient.connect(workersFolder(spec));
  running?.close();
  if (running !== null) return command(context, spec, "start", name);
  if (name !== null) {
    const hint = "fence workers start without a name starts it, and with it all workers.";
    throw new FenceError("workers-not-running", "no supervisor of workers runs", { hint });
  }
  return tell(context, "start", await background(options, spec));
}

/** `fence workers stop`: one worker; without a name all of them and the supervisor. */
export async function stopWorkers(
  context: Context,
  _options: WorkersOptions,
  spec: Spec,
  name: string | null,
): Promise<ExitName> {
  const { SupervisorClient } = await import("../workers/client.js");
  const client = await SupervisorClient.connect(workersFolder(spec));
  if (client === null) {
    if (name !== null) throw notRunning();
    if (await isKept(spec)) throw adrift();
    if (context.json)
      context.out.line(JSON.stringify({ schema: "fence/workers-change@1", command: "stop", workers: [] }));
    else context.out.line("no supervisor of workers runs");
    return "ok";
  }
  try {
    const outcomes = await client.command("stop", name);
    if (name === null && outcomes.every(({ result }) => result !== "failed")) await client.end("stop");
    return report(context, "stop", outcomes);
  } finally {
    client.close();
  }
}

/** `fence workers upgrade`: another supervisor, the same workers. */
export async function upgradeWorkers(
  context: Context,
  options: WorkersOptions,
  spec: Spec,
  name: string | null,
): Promise<ExitName> {
  if (name !== null)
    throw new FenceError("usage", "upgrade replaces the supervisor, which all workers share");
  const { SupervisorClient, whenReady } = await import("../workers/client.js");
  const folder = workersFolder(spec);
  const client = await SupervisorClient.connect(folder);
  if (client === null) throw notRunning();
  const { supervisor } = await client.status(null);
  await client.end("leave");
  // systemd, or whoever else started it in the foreground, starts it anew.
  const facts = supervisor.managed
    ? await whenReady(folder, options.timeout, () => false)
    : await background(options, spec);
  if (facts === null) throw late(options);
  return tell(context, "upgrade", facts);
}

async function background(options: WorkersOptions, spec: Spec): Promise<StatusFacts> {
  const [{ whenReady }, { makePlaces, placesIn }] = await Promise.all([
    import("../workers/client.js"),
    import("../workers/places.js"),
  ]);
  const places = placesIn(workersFolder(spec));
  const { folder, ownLog } = places;
  makePlaces(places);
  const log = openLog(ownLog, LOG_MODE);
  const child = spawn(process.execPath, [...ownArguments(), "workers", "run", "-c", spec.file], {
    cwd: "/",
    // Of the service that this command may be part of: the supervisor is not.
    env: { ...process.env, INVOCATION_ID: undefined, NOTIFY_SOCKET: undefined },
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  let hasEnded = false;
  child.on("error", () => (hasEnded = true));
  child.on("exit", () => (hasEnded = true));
  const facts = await whenReady(folder, options.timeout, () => hasEnded);
  child.unref();
  if (facts !== null) return facts;
  if (!hasEnded) throw late(options);
  throw new FenceError("workers-failed", "the supervisor ended at its start", {
    hint: `${ownLog} says why.`,
  });
}

function late({ timeout }: WorkersOptions): FenceError {
  return new FenceError("workers-failed", `the supervisor was not ready within ${timeout / 1000} s`, {
    hint: "fence workers status shows how far it is.",
  });
}

/** @throws FenceError worker-not-ready */
function tell(context: Context, what: string, { supervisor, sets }: StatusFacts): ExitName {
  const wrong = sets.filter(({ state }) => state !== "runs" && state !== "stopped");
  if (context.json)
    context.out.line(JSON.stringify({ schema: "fence/workers-change@1", command: what, supervisor, sets }));
  else {
    context.out.line(`the supervisor is process ${supervisor.pid}`);
    for (const set of sets) context.out.line(setText(set));
  }
  const [first] = wrong;
  if (first === undefined) return "ok";
  throw new FenceError("worker-not-ready", first.trouble?.why ?? `worker ${first.worker} is not ready`, {
    hint: first.trouble?.lastWords.join("\n") || "fence workers status tells more; it is tried again.",
    ...(wrong.length < sets.length ? { exit: "partial" } : {}),
  });
}

function setText({ worker, state, processes, count }: SetFacts): string {
  const running = processes.filter((one) => one.state === "runs").length;
  return `${worker}: ${state}, ${running} of ${count}`;
}

async function isKept(spec: Spec): Promise<boolean> {
  const { adriftIn } = await import("../workers/adrift.js");
  return adriftIn(workersFolder(spec)).some(({ state }) => state === "serves");
}

function adrift(): FenceError {
  return new FenceError("workers-not-running", "workers serve, but no supervisor runs that could stop them", {
    hint: "fence workers start takes them over; then stop them.",
  });
}

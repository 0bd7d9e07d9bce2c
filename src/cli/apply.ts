import { join } from "node:path";
import { ensureActive, type EnsureResult } from "../apply/ensure-active.js";
import { readTree, writeTree } from "../apply/render-tree.js";
import { Steps } from "../apply/steps.js";
import { underLock } from "../apply/under-lock.js";
import { FileError, makeFolders } from "../base/durable.js";
import { FenceError } from "../base/errors.js";
import { EXIT, type ExitName } from "../base/exit.js";
import { serverNamed } from "../plan/plan.js";
import { checkServers } from "./check.js";
import type { ApplyOptions } from "./commands/apply.js";
import type { Context } from "./context.js";
import { planned, type Planned } from "./machine.js";
import { createProgress, type Progress } from "./progress.js";
import { reload, reloadCommand, serversToReload } from "./reload.js";
import { catchSignals } from "./signals.js";
import { fenceVersion } from "./version.js";

interface ServerReload {
  name: string;
  /** not-running: it reads the new config when it starts. */
  reload: "not-needed" | "needed" | "done" | "not-running";
  /** How a person reloads it; null unless needed. */
  command: string | null;
}

/** `fence apply`: nothing is changed before every server has passed its own test. */
export async function apply(context: Context, options: ApplyOptions): Promise<ExitName> {
  const made = await planned(context);
  await refuseBadConfig(made);
  const interruption = catchSignals(context.err, "stopping after this step");
  const progress = createProgress(context);
  try {
    const { written, reloads } = await putInPlace(context, made, options, progress, interruption.signal);
    makeRunFolders(made);
    const created = await ensure(context, made, options, progress, interruption.signal, "create");
    const servers = await reloadServers(made, reloads, options.reload === true, interruption.signal);
    // A server that still runs on the old wiring may not know the hosts that a proof asks it for.
    const isBehind = servers.some((server) => server.reload === "needed");
    const ensured = isBehind
      ? created
      : await ensure(context, made, options, progress, interruption.signal, "all");
    progress.end();
    report(context, made, { written, servers, ensured });
    return ensured.exit;
  } finally {
    progress.end();
    interruption.end();
  }
}

/** @throws FenceError server-unfit, server-not-found, config-test-failed, config-test-hung */
async function refuseBadConfig(made: Planned): Promise<void> {
  for (const { server, limits, test, place } of await checkServers(made)) {
    const refused = limits.filter(({ level }) => level === "refuse").map(({ sentence }) => sentence);
    if (refused.length > 0) throw new FenceError("server-unfit", `${server}: ${refused.join("\n")}`);
    if (test.result === "no-program") {
      throw new FenceError(
        "server-not-found",
        `the program of ${server} is not installed: ${serverNamed(made.spec, server).program}`,
        {
          hint: "install it, or set program; fence render writes the files without it",
        },
      );
    }
    if (test.result !== "failed" && test.result !== "hung") continue;
    throw new FenceError(
      `config-test-${test.result}`,
      `${server} refuses the config; nothing was changed\n${test.output}`,
      {
        hint: "fence check runs the same test",
        ...(place ? { diagnostics: [place] } : {}),
      },
    );
  }
}

/** The new tree, under the lock of the state folder: no two fences write it at once. */
function putInPlace(
  context: Context,
  made: Planned,
  { lockTimeout }: ApplyOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ written: boolean; reloads: string[] }> {
  const { plan, machine, spec } = made;
  const steps = new Steps((event) => progress.event(event));
  const request = {
    lockTimeoutMs: lockTimeout,
    by: context.actor,
    command: context.commandLine,
    sites: [],
    signal,
  };
  return underLock(plan, machine, steps, request, () => {
    const reloads = serversToReload(made, readTree(spec.outputDir));
    const { written } = writeTree(spec.outputDir, machine.renderTree(), spec.sha256, fenceVersion());
    return Promise.resolve({ written, reloads });
  });
}

/** Control sockets lie there: for root alone. @throws FenceError state-not-writable */
function makeRunFolders({ spec }: Planned): void {
  try {
    makeFolders(spec.runDir, 0o755);
    for (const { name } of spec.servers) makeFolders(join(spec.runDir, name), 0o700);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new FenceError("state-not-writable", error.message, { cause: error });
  }
}

function ensure(
  context: Context,
  made: Planned,
  { lockTimeout }: ApplyOptions,
  progress: Progress,
  signal: AbortSignal,
  scope: "create" | "all",
): Promise<EnsureResult> {
  return ensureActive(made.plan, made.machine, {
    scope,
    lockTimeoutMs: lockTimeout,
    by: context.actor,
    command: context.commandLine,
    signal,
    onStep: (event) => progress.event(event),
  });
}

async function reloadServers(
  made: Planned,
  reloads: readonly string[],
  asked: boolean,
  signal: AbortSignal,
): Promise<ServerReload[]> {
  const servers: ServerReload[] = [];
  for (const server of made.spec.servers) {
    const { name } = server;
    const isRunning = (await made.machine.findMaster(name)).running !== "no";
    if (!isRunning) servers.push({ name, reload: "not-running", command: null });
    else if (!reloads.includes(name)) servers.push({ name, reload: "not-needed", command: null });
    else if (!asked) servers.push({ name, reload: "needed", command: reloadCommand(server) });
    else {
      await reload(made, name, signal);
      servers.push({ name, reload: "done", command: null });
    }
  }
  return servers;
}

interface Applied {
  written: boolean;
  servers: readonly ServerReload[];
  ensured: EnsureResult;
}

function report(context: Context, made: Planned, { written, servers, ensured }: Applied): void {
  const { out } = context;
  const output = made.spec.outputDir;
  if (context.json) {
    const sites = ensured.sites.map(({ site, action, mode, generation }) => ({
      name: site,
      action,
      mode,
      generation,
    }));
    const exit = EXIT[ensured.exit];
    out.line(
      JSON.stringify({
        schema: "fence/apply@1",
        exit,
        result: ensured.exit,
        output,
        written,
        servers,
        sites,
      }),
    );
    return;
  }
  out.line(written ? `${output} is written` : `${output} is up to date`);
  for (const { site, action, mode, generation, outcome } of ensured.sites) {
    if (action !== "kept") out.line(`${site} is ${mode} (generation ${generation}, ${action})`);
    for (const problem of outcome?.problems ?? []) out.line(`  ${problem}`);
  }
  for (const { name, reload: what, command } of servers) {
    if (what === "done") out.line(`${name} is reloaded`);
    if (what === "needed")
      out.line(`${name} has to reload: ${command}\n  then run fence apply again, which proves it`);
    if (what === "not-running") out.line(`${name} does not run; it reads the config when it starts`);
  }
}

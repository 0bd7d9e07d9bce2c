import { ensureActive, type EnsureResult } from "../apply/ensure-active.js";
import { readTree, refuseForeign, writeTree } from "../apply/render-tree.js";
import { checkOutput } from "../switch/safety.js";
import { removedConfigs, removedWhileDown } from "../apply/removed-sites.js";
import { makeRunFolders } from "../apply/run-folders.js";
import { Steps } from "../apply/steps.js";
import { underLock } from "../apply/under-lock.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import { serverNamed } from "../plan/plan.js";
import { applyLines, applyObject, type ServerReload } from "./apply-view.js";
import { checkServers } from "./check.js";
import type { ApplyOptions } from "./commands/apply.js";
import type { Context } from "./context.js";
import { planned, type Planned } from "./machine.js";
import { notePending } from "../apply/pending-reload.js";
import { createProgress, type Progress } from "./progress.js";
import {
  reload,
  reloadCommand,
  serversBehind,
  showsGates,
  startCommand,
  type Behind,
} from "../apply/reload.js";
import { whyNoReload } from "../apply/reload-risk.js";
import { recordSpec } from "../switch/spec-record.js";
import { catchSignals } from "./signals.js";
import { fenceVersion } from "./version.js";

/** What the parts of one apply share. */
interface Applying {
  made: Planned;
  progress: Progress;
  signal: AbortSignal;
  /** --reload */
  reloads: boolean;
  /** --take-over */
  takesOver: boolean;
  lock: { lockTimeoutMs: number; by: string; command: string };
}

const NOT_RELOADED: readonly ServerReload["reload"][] = ["needed", "restart", "unknown"];

/** `fence apply`: nothing is changed before every server has passed its own test. */
export async function apply(context: Context, options: ApplyOptions): Promise<ExitName> {
  const made = await planned(context);
  await refuseBadConfig(made);
  const interruption = catchSignals(context.err, "stopping after this step");
  const progress = createProgress(context);
  const lock = { lockTimeoutMs: options.lockTimeout, by: context.actor, command: context.commandLine };
  const applying = {
    made,
    progress,
    signal: interruption.signal,
    reloads: options.reload === true,
    takesOver: options.takeOver === true,
    lock,
  };
  try {
    const { written, behind, removed } = await putInPlace(applying);
    const created = await ensure(applying, "create");
    const servers = await reloadServers(applying, behind);
    // A server that still runs on the old wiring may not know the hosts that a proof asks it for.
    const isOld = servers.some(
      ({ name, reload: what }) => NOT_RELOADED.includes(what) && behind.get(name) === "now",
    );
    const ensured = isOld ? created : merged(created, await ensure(applying, "all"));
    progress.end();
    const applied = { output: made.spec.outputDir, written, servers, ensured, ...removed };
    if (context.json) context.out.line(JSON.stringify(applyObject(applied)));
    else for (const line of applyLines(applied, context.out)) context.out.line(line);
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
      const { program } = serverNamed(made.spec, server);
      const hint = "install it, or set program; fence render writes the files without it";
      throw new FenceError("server-not-found", `the program of ${server} is not installed: ${program}`, {
        hint,
      });
    }
    if (test.result !== "failed" && test.result !== "hung") continue;
    const message = `${server} refuses the config; nothing was changed\n${test.output}`;
    throw new FenceError(`config-test-${test.result}`, message, {
      hint: "fence check runs the same test",
      ...(place ? { diagnostics: [place] } : {}),
    });
  }
}

/** The new tree and the run folders, under the lock of the state folder: no two fences write them at once. */
function putInPlace({ made, progress, signal, lock, takesOver }: Applying) {
  const { plan, machine, spec } = made;
  const steps = new Steps((event) => progress.event(event));
  return underLock(plan, machine, steps, { ...lock, sites: [], signal, takesOver }, async () => {
    // Not so in fence render: nothing serves yet by what that writes.
    checkOutput(spec.outputDir);
    refuseForeign(spec.outputDir);
    await makeRunFolders(plan);
    const onDisk = readTree(spec.outputDir);
    const removed = {
      removedWhileDown: removedWhileDown(plan, onDisk),
      removedConfigs: removedConfigs(plan, onDisk, machine.renderTree()),
    };
    const behind = await serversBehind(plan, machine, onDisk);
    for (const [name, since] of behind) {
      const { pid } = await machine.findMaster(name);
      if (since === "now" && pid !== null) notePending(spec, serverNamed(spec, name), pid);
    }
    const { written } = writeTree(spec.outputDir, machine.renderTree(), spec.sha256, fenceVersion());
    recordSpec(spec);
    return { written, behind, removed };
  });
}

function ensure({ made, progress, signal, lock }: Applying, scope: "create" | "all"): Promise<EnsureResult> {
  const onStep = progress.event.bind(progress);
  return ensureActive(made.plan, made.machine, { ...lock, scope, signal, onStep });
}

/** The second run finds kept what the first one has created. */
function merged(created: EnsureResult, ensured: EnsureResult): EnsureResult {
  const isCreated = new Set(
    created.sites.filter(({ action }) => action === "created").map(({ site }) => site),
  );
  const sites = ensured.sites.map((one) => {
    return one.action === "kept" && isCreated.has(one.site) ? { ...one, action: "created" as const } : one;
  });
  return { ...ensured, sites };
}

/** Those that a failed reload of one keeps from theirs. */
function after({ spec }: Planned, behind: ReadonlyMap<string, Behind>, failed: string): string[] {
  const names = spec.servers.map(({ name }) => name);
  return names.slice(names.indexOf(failed) + 1).filter((name) => behind.has(name));
}

function withOthers(error: unknown, others: readonly string[]): unknown {
  if (!(error instanceof FenceError) || error.code !== "reload-failed" || others.length === 0) return error;
  const hint = `${error.hint ?? "fence status shows what is in force"}; not reloaded yet: ${others.join(", ")}`;
  return new FenceError(error.code, error.message, { cause: error, hint });
}

async function reloadServers(
  applying: Applying,
  behind: ReadonlyMap<string, Behind>,
): Promise<ServerReload[]> {
  const { made, signal } = applying;
  const servers: ServerReload[] = [];
  for (const server of made.spec.servers) {
    const { name } = server;
    const told = { name, command: null, risk: null, lacksGates: false };
    const { running, problem } = await made.machine.findMaster(name);
    if (running === "no")
      servers.push({ ...told, reload: "not-running", command: startCommand(made.spec, server) });
    else if (!behind.has(name)) servers.push({ ...told, reload: "not-needed" });
    else if (applying.reloads) {
      await reload(made.plan, made.machine, name, signal).catch((error: unknown) => {
        throw withOthers(error, after(made, behind, name));
      });
      servers.push({ ...told, reload: "done" });
    } else if (running === "unknown") {
      servers.push({ ...told, reload: "unknown", risk: problem });
    } else {
      const risk = await whyNoReload(made.plan, made.machine, server);
      const lacksGates = !(await showsGates(made.plan, made.machine, server));
      if (risk !== null) servers.push({ ...told, reload: "restart", risk, lacksGates });
      else servers.push({ ...told, reload: "needed", command: reloadCommand(server), lacksGates });
    }
  }
  return servers;
}

import type { TreeOnDisk } from "./render-tree.js";
import { wiringDiffers } from "./wiring.js";
import { waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import { childrenOf } from "../base/process-info.js";
import { serverNamed, siteNamed } from "../plan/plan.js";
import { modeAt } from "../base/mode.js";
import { findProgram } from "../base/run.js";
import { adapterOf } from "../servers/registry.js";
import type { Server, Spec } from "../spec/types.js";
import { readOnDisk } from "../switch/on-disk.js";
import type { Plan } from "../plan/types.js";
import { currentOf } from "./change.js";
import type { Machine } from "./machine.js";
import { whyNoReload } from "./reload-risk.js";
import { clearPending, isPending } from "./pending-reload.js";
import { reloadProxy, servesRendered } from "./proxy-config.js";

const NEW_WORKERS_MS = 10_000;
const LOOK_MS = 20;

/** Why a running server does not know the config: it changes now, or changed in an earlier apply. */
export type Behind = "now" | "since-before";

/** The running servers that do not know the config that is to be on disk, by name. */
export async function serversBehind(
  plan: Plan,
  machine: Machine,
  onDisk: TreeOnDisk | null,
): Promise<Map<string, Behind>> {
  const tree = machine.renderTree();
  const behind = new Map<string, Behind>();
  for (const server of plan.spec.servers) {
    const { running, pid } = await machine.findMaster(server.name);
    if (running === "no") continue;
    if (onDisk === null || wiringDiffers(onDisk, tree, server.name)) behind.set(server.name, "now");
    else if (adapterOf(server.kind).reloadShows === "config-digest") {
      if (!(await servesRendered(plan, machine, server.name))) behind.set(server.name, "since-before");
    } else if (pid !== null && isPending(plan.spec, server, pid)) behind.set(server.name, "since-before");
    else if (!(await showsGates(plan, machine, server))) behind.set(server.name, "since-before");
  }
  return behind;
}

/** false: a config of the user's own does not include the gates yet, or was not read again since it does. */
export async function showsGates(plan: Plan, machine: Machine, { name, config }: Server): Promise<boolean> {
  if (config !== "include") return true;
  for (const point of plan.switchPoints.filter(({ server }) => server === name)) {
    if ((await machine.observe(point)).mode === "unknown") return false;
  }
  return true;
}

/** The command by which a person reloads a running server. */
export function reloadCommand(server: Server): string {
  return `kill -${adapterOf(server.kind).reloadSignal.replace(/^SIG/, "")} $(cat ${server.pidFile})`;
}

/** The command by which a person starts a server; null when its main config is the user's own. */
export function startCommand(
  { file, outputDir }: Spec,
  { name, kind, config, program }: Server,
): string | null {
  if (config === "include") return null;
  if (kind === "proxy") return `fence -c ${file} proxy run ${name}`;
  // By its whole path: see whyReloadStalls.
  const path = findProgram(program) ?? program;
  return kind === "lighttpd"
    ? `${path} -f ${outputDir}/${name}/lighttpd.conf`
    : `${path} -c ${outputDir}/${name}/nginx.conf`;
}

/**
 * Tells a running server to read its config anew, and proves that it did and that its sites show the modes they had.
 * @throws FenceError reload-failed
 */
export async function reload(plan: Plan, machine: Machine, name: string, signal: AbortSignal): Promise<void> {
  const server = serverNamed(plan.spec, name);
  const master = await machine.findMaster(name);
  if (master.pid === null)
    throw new FenceError(
      "reload-failed",
      `${name} cannot be reloaded: ${master.problem ?? "it does not run"}`,
    );
  const risk = await whyNoReload(plan, machine, server);
  if (risk !== null)
    throw new FenceError("reload-failed", `${name} was not reloaded: ${risk}`, {
      hint: "restart it as its service does; until then it serves the old config",
    });
  const { reloadShows, reloadSignal } = adapterOf(server.kind);
  if (reloadShows === "config-digest") await reloadProxy(plan, machine, name, master.pid, signal);
  else if (reloadShows === "new-workers") await reloadWorkers(name, master.pid, reloadSignal, signal);
  else process.kill(master.pid, reloadSignal);
  clearPending(plan.spec, server);
  await proveModes(plan, machine, name, signal);
}

/** nginx starts new workers only when it took the new config. @throws FenceError reload-failed */
async function reloadWorkers(
  name: string,
  pid: number,
  reloadSignal: NodeJS.Signals,
  signal: AbortSignal,
): Promise<void> {
  const before = new Set(childrenOf(pid));
  process.kill(pid, reloadSignal);
  const isNew = (): true | null => (childrenOf(pid).some((child) => !before.has(child)) ? true : null);
  if ((await waitUntil(isNew, { timeoutMs: NEW_WORKERS_MS, intervalMs: LOOK_MS, signal })) !== null) return;
  throw new FenceError("reload-failed", `${name} started no new workers: it runs on with the old config`, {
    hint: `its error log says why; process ${pid} was sent ${reloadSignal}`,
  });
}

async function proveModes(plan: Plan, machine: Machine, name: string, signal: AbortSignal): Promise<void> {
  for (const point of plan.switchPoints.filter(({ server }) => server === name)) {
    const { mode: written, generation } = readOnDisk(point);
    if (written === null || written === "unknown" || generation === null) continue;
    // A hold that has expired shows what follows it.
    const mode = modeAt(written, currentOf(plan, point.site).state.hold, machine.now());
    const { timeoutMs } = siteNamed(plan.spec, point.site).settle;
    const proof = await machine.prove(point, { mode, generation }, { delayMs: 0, timeoutMs, signal });
    if (!proof.proven) {
      throw new FenceError(
        "reload-failed",
        `after the reload ${point.site} on ${name} does not show ${mode}: ${proof.problems.join("; ")}`,
        {
          hint: "fence status shows what is in force; the server's error log says why",
        },
      );
    }
  }
}

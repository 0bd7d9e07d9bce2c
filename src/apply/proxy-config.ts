import { createHash } from "node:crypto";
import { waitUntil } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { Plan } from "../plan/types.js";
import { configInForce, type ConfigInForce } from "../verify/proxy-config.js";
import type { Machine } from "./machine.js";

const RELOAD_MS = 10_000;
const LOOK_MS = 20;

/** Whether a proxy that runs serves by what the spec renders to; false also when it does not say. */
export async function servesRendered(plan: Plan, machine: Machine, name: string): Promise<boolean> {
  const inForce = await askedOf(plan, name);
  return inForce !== null && inForce.sha256 === renderedDigest(machine, name);
}

/**
 * Sends the signal, and proves that the proxy has taken what is rendered, which is on disk.
 * @throws FenceError reload-failed
 */
export async function reloadProxy(
  plan: Plan,
  machine: Machine,
  name: string,
  pid: number,
  signal: AbortSignal,
): Promise<void> {
  const wanted = renderedDigest(machine, name);
  const failedBefore = (await askedOf(plan, name))?.reloadsFailed ?? 0;
  process.kill(pid, "SIGHUP");
  const look = async (): Promise<ConfigInForce | null> => {
    const now = await askedOf(plan, name);
    return now !== null && (now.sha256 === wanted || now.reloadsFailed > failedBefore) ? now : null;
  };
  const seen = await waitUntil(look, { timeoutMs: RELOAD_MS, intervalMs: LOOK_MS, signal });
  if (seen?.sha256 === wanted) return;
  const why = seen?.problem ?? "its control socket does not show the new config";
  throw new FenceError("reload-failed", `${name} runs on with the old config: ${why}`, {
    hint: `process ${pid} was sent SIGHUP; fence proxy status ${name} shows what it serves by`,
  });
}

async function askedOf(plan: Plan, name: string): Promise<ConfigInForce | null> {
  const socket = plan.switchPoints.find(({ server }) => server === name)?.controlSocket ?? null;
  return socket === null ? null : configInForce(socket).catch(() => null);
}

function renderedDigest(machine: Machine, name: string): string | null {
  const file = machine.renderTree().files.find(({ path }) => path === `${name}/proxy.json`);
  return file === undefined ? null : createHash("sha256").update(file.content).digest("hex");
}

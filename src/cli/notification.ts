import { hostname } from "node:os";
import type { SwitchResult } from "../apply/types.js";
import { printable } from "../base/printable.js";
import type { Spec } from "../spec/types.js";
import { changeObject } from "./change-view.js";
import type { Context } from "./context.js";

/** Who has asked for a change, and why. */
interface Asked {
  by: string;
  reason: string | null;
  /** The command line. */
  command: string;
}

/**
 * Tells everybody that the spec names of a change that is over, all at once. Whoever does not take it is named by `warn`;
 * the change stands. Nobody is told when nothing has changed.
 */
export async function notifyAll(
  { file, notify }: Pick<Spec, "file" | "notify">,
  asked: Asked,
  result: SwitchResult,
  warn: (sentence: string) => void,
): Promise<void> {
  const isChange = result.sites.some((site) => site.result !== "already" && site.result !== "dry-run");
  if (notify.length === 0 || !isChange) return;
  const { deliver } = await import("./deliver.js");
  const body = JSON.stringify(notificationObject(file, asked, result));
  await Promise.all(
    notify.map(async (one) => {
      const problem = await deliver(one, body);
      if (problem !== null)
        warn(`[notify.${one.name}] was not told: ${printable(problem)}. The change stands`);
    }),
  );
}

/** The same for a command of the command line, which tells on stderr who was not told. */
export function notifyOf(
  { actor, commandLine, err }: Context,
  spec: Spec,
  reason: string | undefined,
  result: SwitchResult,
): Promise<void> {
  const asked = { by: actor, reason: reason ?? null, command: commandLine };
  return notifyAll(spec, asked, result, (sentence) => err.line(`fence: ${sentence}`));
}

/** The shape of `fence/notification@1`: that of `fence/change@1`, and who asked for it, where. */
function notificationObject(spec: string, asked: Asked, result: SwitchResult): Record<string, unknown> {
  const about = { at: new Date().toISOString(), host: hostname(), spec, ...asked };
  return { ...changeObject(result), schema: "fence/notification@1", ...about };
}

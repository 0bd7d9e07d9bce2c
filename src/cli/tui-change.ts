import type { StepEvent } from "../apply/types.js";
import { parseDuration } from "../base/duration.js";
import { EXIT } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import { printable } from "../base/printable.js";
import type { Action, Agreed, Outcome } from "../tui/types.js";
import { parseText } from "./arguments.js";
import type { SwitchOptions } from "./switch-sites.js";
import { resultLines } from "./change-view.js";
import type { Context } from "./context.js";
import { asFenceError } from "./failure.js";
import { planned } from "./machine.js";
import { notifyAll } from "./notification.js";
import { refuseDown } from "./release.js";
import { catchSignals } from "./signals.js";
import { switchSites } from "./switch-sites.js";

const MODE_OF: Readonly<Record<Action, Mode>> = { down: "down", up: "up", hold: "hold", release: "up" };
/** Those of the command line when it has no options. */
const DEFAULTS: SwitchOptions = { wait: true, ifNotRunning: "fail", lockTimeout: 0 };

/**
 * Does what `command` would do, by the same use case and by the spec as it is now. Signals stop it in a stated mode.
 * Never throws: what goes wrong is in the outcome, as the command line would tell it.
 */
export async function runAgreed(
  context: Context,
  { action, site, reason, end, command }: Agreed,
  on: { step(event: StepEvent): void; notice(sentence: string): void },
): Promise<Outcome> {
  const interruption = catchSignals({ line: (text = "") => on.notice(text) }, "stopping in a stated mode");
  try {
    const made = await planned(context);
    if (action === "release") await refuseDown(made.plan, [site]);
    const forMs = parseDuration(end);
    const options: SwitchOptions = {
      ...DEFAULTS,
      ...(reason === "" ? {} : { reason: parseText(reason) }),
      ...(forMs === null ? {} : { for: forMs }),
    };
    const asker = { actor: context.actor, commandLine: `${context.commandLine}: ${command}` };
    const onlooker = { onStep: on.step.bind(on), signal: interruption.signal };
    const result = await switchSites(asker, made, MODE_OF[action], options, [site], onlooker);
    const asked = { by: asker.actor, reason: options.reason ?? null, command: asker.commandLine };
    await notifyAll(made.spec, asked, result, (sentence) => on.notice(sentence));
    return { exit: EXIT[result.exit], lines: resultLines(result, { paint: (_style, text) => text }) };
  } catch (thrown) {
    const { message, hint, exit } = asFenceError(thrown);
    const lines = [message, ...(hint === null ? [] : [hint])].flatMap((text) => text.split("\n"));
    return { exit: EXIT[exit], lines: lines.map(printable) };
  } finally {
    interruption.end();
  }
}

import type { SwitchResult } from "../apply/types.js";
import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { Mode } from "../base/mode.js";
import type { Spec } from "../spec/types.js";
import type { ChangeOptions } from "./change-options.js";
import { changeObject, resultLines } from "./change-view.js";
import { canAsk, confirm } from "./confirm.js";
import type { Context } from "./context.js";
import { planned } from "./machine.js";
import { notifyOf } from "./notification.js";
import { createProgress } from "./progress.js";
import { catchSignals } from "./signals.js";
import { chooseSites } from "./sites.js";
import { switchSites } from "./switch-sites.js";

/** `fence down`, `fence up` and `fence hold` */
export async function change(
  context: Context,
  mode: Mode,
  options: ChangeOptions,
  names: readonly string[],
): Promise<ExitName> {
  const made = await planned(context);
  const sites = sitesToChange(context, made.spec, options, names);
  if (!(await isAgreed(context, sites, options, mode))) {
    context.err.line("fence: nothing was changed");
    return "failed";
  }
  const progress = createProgress(context);
  const interruption = catchSignals(context.err, "stopping in a stated mode");
  let result: SwitchResult;
  try {
    const onStep = progress.event.bind(progress);
    result = await switchSites(context, made, mode, options, sites, { onStep, signal: interruption.signal });
  } finally {
    progress.end();
    interruption.end();
  }
  if (context.json) context.out.line(JSON.stringify(changeObject(result)));
  else for (const line of resultLines(result, context.out)) context.out.line(line);
  await notifyOf(context, made.spec, options.reason, result);
  return result.exit;
}

function sitesToChange(
  context: Context,
  spec: Spec,
  options: ChangeOptions,
  names: readonly string[],
): string[] {
  if (!options.all) return chooseSites(spec, names);
  if (names.length > 0) throw new FenceError("usage", "--all and the name of a site exclude each other");
  const all = spec.sites.map((site) => site.name);
  if (all.length > 1 && !context.yes && !options.dryRun && !canAsk(context)) {
    throw new FenceError("usage", `--all without a terminal to ask on is about ${all.length} sites at once`, {
      hint: "give --yes as well, or name the sites",
    });
  }
  return all;
}

/** More than one site at once is asked about where there is somebody to ask. */
async function isAgreed(
  context: Context,
  sites: readonly string[],
  options: ChangeOptions,
  mode: Mode,
): Promise<boolean> {
  if (sites.length < 2 || context.yes || options.dryRun || !canAsk(context)) return true;
  const count = `${sites.length} sites`;
  const question = { up: `Bring ${count} up`, down: `Take ${count} down`, hold: `Hold ${count}` }[mode];
  return confirm(`${question} (${sites.join(", ")})?`);
}

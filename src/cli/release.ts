import { FenceError } from "../base/errors.js";
import type { ExitName } from "../base/exit.js";
import type { Plan } from "../plan/types.js";
import type { ChangeOptions } from "./change-options.js";
import { change } from "./change.js";
import type { Context } from "./context.js";
import { planned } from "./machine.js";
import { chooseSites } from "./sites.js";

/** `fence release`: as `fence up`, but not for a site that somebody has taken down. */
export async function release(
  context: Context,
  options: ChangeOptions,
  names: readonly string[],
): Promise<ExitName> {
  const { plan, spec } = await planned(context);
  await refuseDown(plan, options.all ? spec.sites.map(({ name }) => name) : chooseSites(spec, names));
  return change(context, "up", options, names);
}

/** @throws FenceError not-held */
export async function refuseDown(plan: Plan, sites: readonly string[]): Promise<void> {
  const { currentOf } = await import("../apply/change.js");
  const down = sites.filter((site) => currentOf(plan, site).state.mode === "down");
  if (down.length > 0) {
    throw new FenceError(
      "not-held",
      `${down.join(", ")} ${down.length === 1 ? "is" : "are"} down, not held`,
      {
        hint: `Nothing was changed. fence up ${down.join(" ")} brings up what is down.`,
      },
    );
  }
}

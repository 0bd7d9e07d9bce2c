import { FenceError } from "../base/errors.js";
import type { Plan } from "../plan/types.js";
import { generationPath } from "../switch/on-disk.js";
import { stage, unstage } from "../switch/stage.js";
import { valuesOf, type Change } from "./change.js";
import type { Machine } from "./machine.js";
import type { Steps } from "./steps.js";
import { checkWiring } from "./wiring.js";

/**
 * Stages the new generation of every change, and the old one where no good copy of it is left; then looks at the
 * wiring and at what the workers may read. When anything fails, what was staged is removed again.
 * @returns the servers whose config on disk is not what the spec renders to
 * @throws FileError, NotDurable, FenceError config-test-failed, config-test-hung, variant-unreadable: nothing is in
 *   force
 */
export async function stageChanges(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  changes: readonly Change[],
): Promise<Set<string>> {
  steps.tell("stage", "start", "write the new variants beside the old ones");
  try {
    for (const change of changes) {
      for (const point of change.points) {
        if (change.stagesFrom)
          stage(point, change.from.generation, machine.renderVariant(point, valuesOf(change.from)));
        stage(point, change.to.generation, machine.renderVariant(point, valuesOf(change.to)));
        steps.tell(
          "stage",
          "progress",
          `generation ${change.to.generation}: ${change.to.mode}`,
          point.site,
          point.server,
        );
      }
    }
    steps.end("stage", "ok", "staged");
    const outdated = await checkWiring(plan, machine, steps, changes);
    for (const change of changes) await refuseUnreadable(machine, change);
    return outdated;
  } catch (error) {
    unstageChanges(changes);
    throw error;
  }
}

/** A variant that the workers may not read is an outage, or a down that nobody sees. */
async function refuseUnreadable(machine: Machine, { points, to }: Change): Promise<void> {
  for (const point of points) {
    const why = await machine.whyUnreadable(point.server, generationPath(point, to.generation));
    if (why === null) continue;
    throw new FenceError(
      "variant-unreadable",
      `${point.server} could not read the variant of ${point.site}: ${why}`,
      {
        hint: "Open the folder to the workers (chmod a+x), or run them as another user.",
      },
    );
  }
}

/** Removes what `stageChanges` wrote; what cannot be removed is harmless and pruned later. */
export function unstageChanges(changes: readonly Change[]): void {
  for (const { points, stagesFrom, from, to } of changes) {
    for (const point of points) {
      for (const generation of stagesFrom ? [from.generation, to.generation] : [to.generation]) {
        try {
          unstage(point, generation);
        } catch {
          // The error that brought us here is the one to tell.
        }
      }
    }
  }
}

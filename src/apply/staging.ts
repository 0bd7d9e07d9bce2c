import type { Plan } from "../plan/types.js";
import { stage, unstage } from "../switch/stage.js";
import { valuesOf, type Change } from "./change.js";
import type { Machine } from "./machine.js";
import type { Steps } from "./steps.js";
import { checkWiring } from "./wiring.js";

/**
 * Stages the new generation of every change, and the old one where no good copy of it is left; then looks at the
 * wiring. When anything fails, what was staged is removed again.
 * @throws FileError, NotDurable, FenceError config-test-failed, config-test-hung: nothing is in force
 */
export async function stageChanges(
  plan: Plan,
  machine: Machine,
  steps: Steps,
  changes: readonly Change[],
): Promise<void> {
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
    await checkWiring(plan, machine, steps, changes);
  } catch (error) {
    unstageChanges(changes);
    throw error;
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

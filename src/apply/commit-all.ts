import { FileError, NotDurable } from "../base/file-error.js";
import { commit } from "../switch/commit.js";
import { removeJournalQuietly } from "../switch/journal.js";
import type { SwitchPoint } from "../servers/adapter.js";
import type { Change } from "./change.js";
import { startMoving, type Moving } from "./moving.js";
import { unstageChanges } from "./staging.js";
import type { Steps } from "./steps.js";

/**
 * Puts every change in force, one rename after the other. A site whose rename fails is marked broken; when the very
 * first one fails, nothing was changed and the change is taken back.
 * @param followGate waits, behind the gate's own change, until the servers may follow; never throws
 * @throws FileError
 */
export async function commitAll(
  stateDir: string,
  changes: readonly Change[],
  steps: Steps,
  followGate: (one: Moving, gate: SwitchPoint) => Promise<void>,
): Promise<Moving[]> {
  const moving = changes.map(startMoving);
  let isAnyInForce = false;
  steps.tell("commit", "start", "put the new variants in force");
  for (const one of moving) {
    const { points, to } = one.change;
    for (const point of points) {
      if (one.isBroken) break;
      try {
        commit(point, to.generation);
        isAnyInForce = true;
        steps.tell("commit", "ok", `generation ${to.generation} is in force`, point.site, point.server);
        if (point.kind === "gate" && to.mode !== "down") await followGate(one, point);
      } catch (error) {
        const { message } = error as Error;
        steps.tell("commit", "failed", message, point.site, point.server);
        one.problems.push(`${point.server}: ${message}`);
        if (error instanceof NotDurable) {
          isAnyInForce = true;
          one.isLoose = true;
        } else if (error instanceof FileError && isAnyInForce) {
          one.isBroken = true;
        } else {
          removeJournalQuietly(stateDir);
          unstageChanges(changes);
          throw error;
        }
      }
    }
  }
  const isWhole = moving.every((one) => !one.isBroken);
  steps.end(
    "commit",
    isWhole ? "ok" : "failed",
    isWhole ? "in force" : "not everything could be put in force",
  );
  return moving;
}

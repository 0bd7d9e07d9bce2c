import { FenceError } from "../base/errors.js";
import { generationPath } from "../switch/on-disk.js";
import type { Change } from "./change.js";
import type { Machine } from "./machine.js";
import { unstageChanges } from "./staging.js";

/**
 * A variant that the workers may not read is an outage, or a down that nobody sees. Looks before anything is in force.
 * @throws FenceError variant-unreadable; what was staged is removed
 */
export async function refuseUnreadable(machine: Machine, changes: readonly Change[]): Promise<void> {
  for (const { points, to } of changes) {
    for (const point of points) {
      const why = await machine.whyUnreadable(point.server, generationPath(point, to.generation));
      if (why === null) continue;
      unstageChanges(changes);
      throw new FenceError(
        "variant-unreadable",
        `${point.server} could not read the variant of ${point.site}: ${why}`,
        {
          hint: "Open the folder to the workers (chmod a+x), or run them as another user.",
        },
      );
    }
  }
}

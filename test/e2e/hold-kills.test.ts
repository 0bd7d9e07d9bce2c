import { after, before, describe, test } from "node:test";
import { HOLDING_KINDS, startHeldWorld, type HeldWorld } from "../support/held-world.js";
import { KILL_STEPS, killAt, VICTIMS } from "../support/kills.js";
import { needs } from "../support/needs.js";

/** FENCE_HOLD_KILLS=all: each process at each step of each kind; else each of one, those that count. */
const ALL = process.env["FENCE_HOLD_KILLS"] === "all";

const KINDS = HOLDING_KINDS.filter(({ workers, kind }) => workers === 2 || kind === "proxy");
for (const [at, { name, kind, need }] of KINDS.entries()) {
  describe(`fence run on ${name}`, needs(...need), () => {
    let world: HeldWorld;
    before(async () => (world = await startHeldWorld({ kind, workers: 2 })));
    after(() => world.end());

    for (const [number, step] of KILL_STEPS.entries()) {
      for (const [turn, victim] of VICTIMS.entries()) {
        // Before the site is held it is a reload or a failure like any other to all but fence.
        const isTelling = victim === "fence" || step.clients === "before";
        const isTurn = isTelling && (number + at) % VICTIMS.length === turn;
        const isThere = victim !== "gate" || kind === "lighttpd" || kind === "nginx";
        if (isThere && (ALL || isTurn))
          test(`the ${victim} is killed at the step ${step.name}`, () => killAt(world, step, victim));
      }
    }
  });
}

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { FENCE } from "../cli/run-fence.js";
import { Faults } from "../support/faults.js";
import { needs } from "../support/needs.js";
import { checkNext, checkWhole, chosen, createColdWorld } from "./cold-world.js";
import { MUTATIONS } from "./commands.js";

/** Of each command, unless FENCE_FAULTS=all. */
const POINTS = 16;

describe(
  "killed at any file call, a command leaves old or new, status tells which, and the next one gets on",
  needs("gcc", "linux", "lighttpd"),
  async () => {
    const world = await createColdWorld();
    const faults = new Faults(world.folder);
    after(() => {
      faults.close();
      world.close();
    });
    for (const mutation of MUTATIONS) {
      test(mutation.name, async () => {
        const run = [FENCE, ...mutation.args];
        await world.prepare(mutation);
        const whole = await faults.run(run, null, { cwd: world.folder });
        assert.equal(whole.code, 0, whole.stderr);
        await checkWhole(world, mutation, "not killed");
        const points = chosen(whole.calls, POINTS);
        for (const [turn, call] of points.entries()) {
          const what = `killed before ${call.number}: ${call.name} ${call.path}`;
          await world.prepare(mutation);
          const killed = await faults.run(
            run,
            { at: call.number, act: { kind: "kill" } },
            { cwd: world.folder },
          );
          assert.equal(killed.signal, "SIGKILL", what);
          await checkWhole(world, mutation, what);
          const next = mutation.next[turn % mutation.next.length] ?? [];
          await checkNext(world, next, mutation, what);
        }
        console.log(`# ${mutation.name}: killed at ${points.length} of ${whole.calls.length} file calls`);
      });
    }
  },
);

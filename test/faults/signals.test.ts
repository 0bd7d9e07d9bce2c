import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { EXIT } from "../../src/base/exit.js";
import { FENCE } from "../cli/run-fence.js";
import { Faults } from "../support/faults.js";
import { needs } from "../support/needs.js";
import { checkNext, checkWhole, chosen, createColdWorld, leftoversIn } from "./cold-world.js";
import { MUTATIONS } from "./commands.js";

/** Of each command, unless FENCE_FAULTS=all. */
const POINTS = 3;
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
/** What a command that changes sites ends with; the last one is not for it, so it does its work. */
const ENDS: Readonly<Record<(typeof SIGNALS)[number], readonly (number | null)[]>> = {
  SIGTERM: [EXIT.ok, EXIT.terminated],
  SIGINT: [EXIT.ok, EXIT.interrupted],
  SIGHUP: [EXIT.ok],
};

const changing = MUTATIONS.filter(({ args: [first = ""] }) => ["apply", "down", "up"].includes(first));

describe(
  "a signal at any file call stops a command in a stated mode, with nothing left to finish",
  needs("gcc", "linux", "lighttpd"),
  async () => {
    const world = await createColdWorld();
    const faults = new Faults(world.folder);
    after(() => {
      faults.close();
      world.close();
    });
    for (const mutation of changing) {
      test(mutation.name, async () => {
        const run = [FENCE, ...mutation.args];
        const options = { cwd: world.folder };
        await world.prepare(mutation);
        const whole = await faults.run(run, null, options);
        const points = chosen(whole.calls, POINTS);
        for (const [turn, call] of points.entries()) {
          const signal = SIGNALS[turn % SIGNALS.length] ?? "SIGTERM";
          await world.prepare(mutation);
          const fault = { at: call.number, act: { kind: "signal", signal } } as const;
          const { code, stdout, stderr } = await faults.run(run, fault, options);
          const said = `${signal} at ${call.number}: ${call.name} ${call.path}\nexit ${code}\n${stdout}${stderr}`;
          assert.ok(ENDS[signal].includes(code), said);
          const modes = await checkWhole(world, mutation, said);
          assert.equal(modes.size, 1, said);
          assert.deepEqual(leftoversIn(world), [], said);
          if (code === EXIT.ok) assert.deepEqual([...modes], [mutation.done], said);
          await checkNext(world, mutation.next[turn % mutation.next.length] ?? [], mutation, said);
        }
        console.log(`# ${mutation.name}: a signal at ${points.length} of ${whole.calls.length} file calls`);
      });
    }
  },
);

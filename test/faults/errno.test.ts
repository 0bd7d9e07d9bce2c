import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { EXIT } from "../../src/base/exit.js";
import { FENCE } from "../cli/run-fence.js";
import { Faults, type Errno } from "../support/faults.js";
import { needs } from "../support/needs.js";
import { checkNext, checkWhole, chosen, createColdWorld, leftoversIn } from "./cold-world.js";
import { MUTATIONS } from "./commands.js";

/** Of each command, unless FENCE_FAULTS=all. */
const POINTS = 4;
const ERRNOS: readonly Errno[] = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"];
/** Nothing was changed. */
const REFUSED: readonly number[] = [EXIT.failed, EXIT.permission, EXIT.noSpec];
/** It is in force; or it was, and the old mode is back. */
const OTHER_ENDS: readonly number[] = [EXIT.ok, EXIT.unproven, EXIT.rolledBack];

describe(
  "a file call that fails at any point ends a command in old or new, and its exit code says in which",
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
        const options = { cwd: world.folder, reads: true };
        await world.prepare(mutation);
        const before = await checkWhole(world, mutation, "before");
        const whole = await faults.run(run, null, options);
        assert.equal(whole.code, EXIT.ok, whole.stderr);
        const points = chosen(whole.calls, POINTS);
        const ends = new Map<number, number>();
        for (const [turn, call] of points.entries()) {
          const errno = ERRNOS[turn % ERRNOS.length] ?? "EIO";
          await world.prepare(mutation);
          const fault = { at: call.number, act: { kind: "errno", errno } } as const;
          const { code, stderr } = await faults.run(run, fault, options);
          const said = `${errno} at ${call.number}: ${call.name} ${call.path}\nexit ${code}\n${stderr}`;
          assert.ok(code !== null && [...REFUSED, ...OTHER_ENDS].includes(code), said);
          assert.doesNotMatch(stderr, /\(internal, /, said);
          ends.set(code, (ends.get(code) ?? 0) + 1);
          const modes = await checkWhole(world, mutation, said);
          if (REFUSED.includes(code)) {
            assert.ok(stderr.includes(errno) && stderr.includes(world.folder), said);
            if (mutation.modes.length > 1 && !before.has(null)) assert.deepEqual(modes, before, said);
            if (call.name !== "unlink" && call.name !== "rmdir")
              assert.deepEqual(leftoversIn(world), [], said);
          }
          if (code === EXIT.ok) assert.deepEqual([...modes], [mutation.done], said);
          await checkNext(world, mutation.next[turn % mutation.next.length] ?? [], mutation, said);
        }
        const told = [...ends].map(([code, count]) => `${count} ended with ${code}`).join(", ");
        console.log(
          `# ${mutation.name}: ${points.length} of ${whole.calls.length} file calls failed, ${told}`,
        );
      });
    }
  },
);

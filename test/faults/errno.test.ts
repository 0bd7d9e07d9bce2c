import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { EXIT } from "../../src/base/exit.js";
import { FENCE } from "../cli/run-fence.js";
import { Faults, type Errno, type FileCall } from "../support/faults.js";
import { needs } from "../support/needs.js";
import { checkNext, checkWhole, chosen, createColdWorld, leftoversIn, type ColdWorld } from "./cold-world.js";
import { MUTATIONS, type Mutation } from "./commands.js";

/** Of each command, unless FENCE_FAULTS=all. */
const POINTS = 4;
const ERRNOS: readonly Errno[] = ["ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE"];
/** Nothing was changed. */
const REFUSED: readonly number[] = [EXIT.failed, EXIT.permission, EXIT.noSpec];
/** It is in force; or it was, and the old mode is back. */
const OTHER_ENDS: readonly number[] = [EXIT.ok, EXIT.unproven, EXIT.rolledBack];

interface End {
  /** The modes on the disk before. */
  before: ReadonlySet<string | null>;
  errno: Errno;
  call: FileCall;
  code: number | null;
  stderr: string;
  said: string;
  turn: number;
}

/** @throws Error with what is wrong */
async function check(world: ColdWorld, mutation: Mutation, end: End): Promise<void> {
  const { before, errno, call, code, stderr, said, turn } = end;
  assert.ok(code !== null && [...REFUSED, ...OTHER_ENDS].includes(code));
  assert.doesNotMatch(stderr, /\(internal, /);
  const modes = await checkWhole(world, mutation, said);
  if (REFUSED.includes(code)) {
    assert.ok(stderr.includes(errno) && stderr.includes(world.folder), "it does not say what failed");
    if (mutation.modes.length > 1 && !before.has(null)) assert.deepEqual(modes, before);
    if (call.name !== "unlink" && call.name !== "rmdir") assert.deepEqual(leftoversIn(world), []);
  }
  if (code === EXIT.ok) assert.deepEqual([...modes], [mutation.done]);
  await checkNext(world, mutation.next[turn % mutation.next.length] ?? [], mutation, said);
}

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
        const wrong: string[] = [];
        for (const [turn, call] of points.entries()) {
          const errno = ERRNOS[turn % ERRNOS.length] ?? "EIO";
          await world.prepare(mutation);
          const fault = { at: call.number, act: { kind: "errno", errno } } as const;
          const { code, stderr } = await faults.run(run, fault, options);
          ends.set(code ?? -1, (ends.get(code ?? -1) ?? 0) + 1);
          const said = `${errno} at ${call.number}: ${call.name} ${call.path}\nexit ${code}\n${stderr}`;
          try {
            await check(world, mutation, { before, errno, call, code, stderr, said, turn });
          } catch (error) {
            wrong.push(`${said}${(error as Error).message}`);
          }
        }
        const told = [...ends].map(([code, count]) => `${count} ended with ${code}`).join(", ");
        console.log(
          `# ${mutation.name}: ${points.length} of ${whole.calls.length} file calls failed, ${told}`,
        );
        assert.deepEqual(wrong, []);
      });
    }
  },
);

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { assertFails, FENCE, runProgram, type Ended } from "../cli/run-fence.js";
import { Mount } from "../support/mounts.js";
import { needs } from "../support/needs.js";
import { checkNext, checkWhole, createColdWorld, leftoversIn } from "./cold-world.js";
import { MUTATIONS, type Mutation } from "./commands.js";

const TMPFS_KB = 400;

describe("what surrounds a command", needs("linux", "lighttpd"), async () => {
  const world = await createColdWorld();
  after(() => world.close());
  const down = MUTATIONS.find(({ name }) => name === "down") as Mutation;
  const state = join(world.folder, "state");

  /** The state folder on a file system of its own; null: the machine lets nobody mount. */
  function onItsOwn(...args: readonly string[]): Mount | null {
    const mount = Mount.of(state, ...args);
    if (mount === null) console.log("# not run: this machine mounts nothing");
    return mount;
  }

  function refusedWith(ended: Ended, errno: string, exit: number): void {
    assertFails(ended, "state-not-writable", exit);
    assert.ok(ended.stderr.includes(errno) && ended.stderr.includes(state), ended.stderr);
  }

  test(
    "a full disk changes nothing and leaves nothing; with room again the same command does its work",
    needs("root"),
    async () => {
      await world.prepare(down);
      const kept = join(world.folder, "kept");
      assert.equal((await runProgram("cp", ["-a", state, kept])).code, 0);
      const mount = onItsOwn("-t", "tmpfs", "-o", `size=${TMPFS_KB}k,mode=755`, "none");
      if (mount === null) return;
      try {
        assert.equal((await runProgram("cp", ["-a", `${kept}/.`, state])).code, 0);
        const filler = join(state, "filler");
        // The last page is left, so that the lock can be told and the first files can be begun.
        const { bavail, bsize } = statfsSync(state);
        writeFileSync(filler, Buffer.alloc((bavail - 1) * bsize));
        refusedWith(await world.fence(...down.args), "ENOSPC", 1);
        assert.deepEqual([...(await checkWhole(world, down, "full"))], ["up"]);
        assert.deepEqual(leftoversIn(world), []);
        rmSync(filler);
        await checkNext(world, "down", down, "with room again");
      } finally {
        mount.end();
      }
    },
  );

  test(
    "a disk that is read-only is refused with 77, and status tells what is there",
    needs("root"),
    async () => {
      await world.prepare(down);
      const mount = onItsOwn("--bind", state);
      if (mount === null) return;
      try {
        assert.equal((await runProgram("mount", ["-o", "remount,ro,bind", state])).code, 0);
        refusedWith(await world.fence(...down.args), "EROFS", 77);
        assert.deepEqual([...(await checkWhole(world, down, "read-only"))], ["up"]);
        assert.equal((await world.fence("status")).code, 0);
      } finally {
        mount.end();
      }
    },
  );

  const redirections: readonly (readonly [string, number])[] = [
    [">&- 2>&-", 0],
    ["2>/dev/full", 0],
    // The result is lost, which the exit code must not hide.
    [">/dev/full", 1],
  ];
  for (const [redirection, exit] of redirections) {
    test(`a change whose outputs are ${redirection} is carried out all the same`, async () => {
      await world.prepare(down);
      const command = `exec "$0" "$@" ${redirection}`;
      const ended = await runProgram("sh", ["-c", command, process.execPath, FENCE, ...down.args], {
        cwd: world.folder,
      });
      assert.equal(ended.code, exit, ended.stderr);
      assert.deepEqual([...(await checkWhole(world, down, redirection))], ["down"]);
    });
  }

  test("a reader of the output that goes away does not stop a change", async () => {
    await world.prepare(down);
    const command = `"$0" "$@" 2>&1 | true; exit "\${PIPESTATUS[0]}"`;
    const ended = await runProgram("bash", ["-c", command, process.execPath, FENCE, ...down.args], {
      cwd: world.folder,
    });
    assert.equal(ended.code, 0);
    assert.deepEqual([...(await checkWhole(world, down, "pipe"))], ["down"]);
  });

  for (const file of ["journal.json", "sites/main.json"]) {
    test(`${file} of a newer fence is left alone, and status still works`, async () => {
      await world.prepare(down);
      const path = join(state, file);
      if (file === "journal.json") copyFileSync(join(state, "sites/main.json"), path);
      const newer = readFileSync(path, "utf8").replace('"version": 1', '"version": 2');
      writeFileSync(path, newer);
      const refused = await world.fence(...down.args);
      assertFails(refused, "state-unknown-version", 1);
      assert.match(refused.stderr, /has version 2; this fence knows version 1/);
      assert.equal(readFileSync(path, "utf8"), newer);
      const told = await world.fence("status");
      assert.equal(told.code, 0, told.stderr);
      assert.match(told.stdout, /version 2/);
    });
  }
});

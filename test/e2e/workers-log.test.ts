import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Mount } from "../support/mounts.js";
import { askWorker, createWorkers, needsOf, untilRuns, type WorkersWorld } from "../support/workers.js";
import { until } from "../support/world.js";

const PERL = { program: "perl", socket: "tcp" } as const;
const FILE_SYSTEM = ["-t", "tmpfs", "-o", "size=256k,mode=755", "none"] as const;
const LOG_BYTES_MAX = 1024 * 1024;

/** Kills one process, and waits until another has its place. */
async function killOne(world: WorkersWorld): Promise<void> {
  const [first = 0] = await world.pids();
  process.kill(first, "SIGKILL");
  await until("another process", async () => {
    const { processes } = await world.set();
    return processes.length === 2 && processes.every(({ pid, state }) => pid !== first && state === "runs");
  });
}

/** Not one byte more: neither in new files, nor at the end of one that is there. */
function fillUp(folder: string, log: string): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, "filler"), Buffer.alloc(bavail * bsize));
  assert.throws(() => {
    for (;;) appendFileSync(log, "x");
  }, /ENOSPC/);
}

describe("The log of fence workers itself", needsOf(PERL), () => {
  test("It begins anew when it has grown to a mebibyte, and what was in it is beside it", async () => {
    const world = await createWorkers(PERL);
    const file = join(world.folder, "run/_workers/workers.log");
    try {
      await world.workers("start");
      appendFileSync(file, `${"x".repeat(LOG_BYTES_MAX)}\n`);
      await world.workers("restart");
      await world.workers("graceful");
      assert.match(readFileSync(`${file}.1`, "utf8"), /"supervisor-ready"[^]*\nx{1000}[^]*"workers-restart"/);
      // Appended to what is left, and not written where it was before.
      assert.match(world.log(), /^\{"time":.*"workers-graceful".*\}\n$/);
      await killOne(world);
      assert.match(world.log(), /"worker-ended"/);
    } finally {
      await world.end();
    }
  });

  test("On a disk that is full nobody ends for it: workers that die are replaced, and replaced in order", async () => {
    const world = await createWorkers(PERL);
    const run = join(world.folder, "run");
    mkdirSync(run);
    const mount = Mount.of(run, ...FILE_SYSTEM);
    if (mount === null) console.log("# not run: this machine mounts nothing");
    try {
      await world.workers("start");
      const { supervisor, keeper } = await world.status();
      if (mount !== null) fillUp(run, join(run, "_workers/workers.log"));
      await killOne(world);
      await askWorker(world);
      await world.graceful();
      await killOne(world);
      await askWorker(world);
      const now = await world.status();
      assert.deepEqual([now.supervisor.pid, now.keeper?.pid], [supervisor.pid, keeper?.pid]);
      rmSync(join(run, "filler"), { force: true });
      await killOne(world);
      assert.match(world.log(), /"worker-ended"/);
      // With room again it is written down what runs, for whoever comes after.
      const pids = world.record().processes.map(({ pid }) => pid);
      assert.deepEqual(pids.sort(), (await world.pids()).sort());
      await untilRuns(world);
    } finally {
      await world.fence("workers", "stop");
      mount?.end();
      await world.end();
    }
  });
});

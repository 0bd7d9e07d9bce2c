import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Kept } from "../../src/workers/keeper-types.js";
import { assertFails } from "../cli/run-fence.js";
import { createWorkers, needsOf, startFront, untilRuns, type WorkersWorld } from "../support/workers.js";
import { underLoad } from "../support/workers-load.js";
import { until, type RenderedServer } from "../support/world.js";

const LOOK_MS = 2;

/** How far a replacement has come, by what the keeper has written down of one of its processes. */
const STAGES: Readonly<Record<string, (kept: Kept, generation: number) => boolean>> = {
  "while the new code is tried out": ({ tags }) => tags.role === "trial",
  "while the new processes start": ({ tags }, generation) =>
    tags.role === "serves" && tags.generation > generation,
  "while the old processes end": ({ tags }) => tags.role === "retires",
};

async function killSupervisor(world: WorkersWorld): Promise<void> {
  const { supervisor } = await world.status();
  process.kill(supervisor.pid, "SIGKILL");
  await until("the supervisor to be gone", async () => (await world.look()) === null);
}

/** Begins a replacement, and kills the supervisor in it; again when it was over before that. */
async function killIn(
  world: WorkersWorld,
  isThere: (kept: Kept, generation: number) => boolean,
): Promise<void> {
  for (;;) {
    const { supervisor } = await world.status();
    const { generation } = await world.set();
    let isOver = false;
    const command = world.fence("workers", "graceful").finally(() => (isOver = true));
    while (!isOver && !world.record().processes.some((kept) => isThere(kept, generation)))
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    process.kill(supervisor.pid, "SIGKILL");
    const ended = await command;
    await until("the supervisor to be gone", async () => (await world.look()) === null);
    if (ended.code !== 0) return assertFails(ended, "workers-failed", 1);
    await world.workers("start");
  }
}

for (const socket of ["unix", "tcp"] as const) {
  const options = { program: "perl", socket } as const;
  describe(`Processes of fence that end under load, ${socket}`, needsOf(options), () => {
    let world: WorkersWorld;
    let front: RenderedServer;
    before(async () => {
      world = await createWorkers(options);
      await world.workers("start");
      front = await startFront(world, "proxy");
    });
    after(async () => {
      await front?.stop();
      await world?.end();
    });

    test("A supervisor that is killed, and one that is upgraded: the next has the same keeper and workers, and no request is lost", () =>
      underLoad(world, async () => {
        const { supervisor, keeper } = await world.status();
        const pids = await world.pids();
        await killSupervisor(world);
        await world.workers("start");
        const adopted = await world.status();
        assert.deepEqual(await world.pids(), pids);
        await world.workers("upgrade");
        const upgraded = await world.status();
        assert.deepEqual(await world.pids(), pids);
        assert.deepEqual([adopted.keeper, upgraded.keeper], [keeper, keeper]);
        const supervisors = [supervisor, adopted.supervisor, upgraded.supervisor].map(({ pid }) => pid);
        assert.equal(new Set(supervisors).size, 3);
      }));

    for (const [when, isThere] of Object.entries(STAGES))
      test(`A supervisor that is killed ${when}: the next one clears up, and no request is lost`, () =>
        underLoad(world, async () => {
          await killIn(world, isThere);
          await world.workers("start");
          await until("two processes and no other", async () => {
            const { processes } = await world.set();
            return processes.length === 2 && processes.every(({ state }) => state === "runs");
          });
          assert.equal(world.record().processes.length, 2);
          assert.equal(world.record().sockets.length, 1);
          await world.workers("graceful");
        }));
  });
}

const UNIX = { program: "perl", socket: "unix" } as const;
describe("A keeper that is killed under load", needsOf(UNIX), () => {
  test("Behind a unix socket others take over from its workers, and no request is lost", async () => {
    const world = await createWorkers(UNIX);
    try {
      await world.workers("start");
      const front = await startFront(world, "proxy");
      try {
        await underLoad(world, async () => {
          const { keeper } = await world.status();
          const orphans = await world.pids();
          process.kill(keeper?.pid ?? 0, "SIGKILL");
          await until("others in their place", async () => {
            const { processes } = (await world.look())?.sets[0] ?? { processes: [] };
            return processes.length === 2 && !processes.some(({ pid }) => orphans.includes(pid));
          });
          await untilRuns(world);
        });
      } finally {
        await front.stop();
      }
    } finally {
      await world.end();
    }
  });
});

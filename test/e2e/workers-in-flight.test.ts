import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ProcessFacts } from "../../src/workers/types.js";
import { askWorker, createWorkers, needsOf, type WorkersWorld } from "../support/workers.js";
import { until } from "../support/world.js";

/** Until the test says so; a process that waits for that is in the middle of a request. */
const LONG = "/?wait=go";

const DEAF = "/?deaf&wait=go";
const SHORT = 'grace = "200ms"\nstop_timeout = "1s"';

type Told = { error: Error | null };

function ask(world: WorkersWorld, path: string): Promise<Told> {
  return askWorker(world, path).then(
    () => ({ error: null }),
    (error: Error) => ({ error }),
  );
}

/** Asks for what takes long. @returns the process that is at it */
async function begin(world: WorkersWorld, path = LONG): Promise<{ answer: Promise<Told>; busy: number }> {
  const answer = ask(world, path);
  const isBusy = ({ connections }: ProcessFacts): boolean => connections === 1;
  await until("a request in flight", async () => (await world.set()).processes.some(isBusy));
  const busy = (await world.set()).processes.find(isBusy)?.pid ?? 0;
  return { answer, busy };
}

/** Waits until the process that is at a request is all that is left of the old ones. */
function untilAlone(world: WorkersWorld, busy: number): Promise<void> {
  return until("the others of the old to have ended", async () => {
    const old = (await world.set()).processes.filter(({ state }) => state === "retires");
    return old.length === 1 && old[0]?.pid === busy && old[0].connections === 1;
  });
}

const COMMANDS = ["graceful", "restart", "stop"] as const;

for (const socket of ["unix", "tcp"] as const) {
  const options = { program: "perl", socket } as const;

  /** What a command has left: as many as there should be, and not the one that was at a request. */
  async function isReplaced(world: WorkersWorld, busy: number, command: string): Promise<void> {
    const pids = (await world.set()).processes.map(({ pid }) => pid);
    assert.equal(pids.length, command === "stop" ? 0 : 2);
    assert.ok(!pids.includes(busy));
  }

  describe(`A request in flight, ${socket}`, needsOf(options), () => {
    let world: WorkersWorld;
    before(async () => {
      world = await createWorkers(options);
      await world.workers("start");
    });
    after(() => world?.end());

    for (const command of COMMANDS)
      test(`${command}: it is answered before its process ends, and the command waits for that`, async () => {
        const { answer, busy } = await begin(world);
        let hasEnded = false;
        const ended = world.fence("workers", command, "app").finally(() => (hasEnded = true));
        await untilAlone(world, busy);
        // Those that take over are there already, or what comes meanwhile waits for them, or nobody may come.
        const next = ask(world, "/");
        if (command === "graceful") assert.deepEqual(await next, { error: null });
        if (command === "stop" && socket === "unix")
          assert.match((await next).error?.message ?? "", /ENOENT/);
        assert.equal(hasEnded, false);
        const go = join(world.folder, "how.go");
        writeFileSync(go, "");
        assert.deepEqual(await answer, { error: null });
        rmSync(go);
        const { code, stdout } = await ended;
        assert.equal(code, 0);
        assert.doesNotMatch(stdout, /still open/);
        const { error } = await next;
        if (command !== "stop") assert.equal(error, null);
        await isReplaced(world, busy, command);
      });
  });

  describe(`A request that lasts, ${socket}`, needsOf(options), () => {
    let world: WorkersWorld;
    before(async () => {
      world = await createWorkers({ ...options, lines: SHORT });
      await world.workers("start");
    });
    after(() => world?.end());

    for (const command of COMMANDS)
      test(`${command}: after the grace it is cut, by force when it must be, and the exit code is 7`, async () => {
        // In this request it begins to ignore its stop signal, which the trial could not know.
        const { answer, busy } = await begin(world, DEAF);
        const { code, stdout } = await world.fence("workers", command, "app");
        assert.equal(code, 7);
        assert.match(stdout, /^1 connection was still open when the grace was over, and was ended$/m);
        assert.ok((await answer).error !== null);
        await isReplaced(world, busy, command);
        if (command !== "stop") await askWorker(world);
      });
  });
}

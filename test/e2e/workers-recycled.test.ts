import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createWorkers, needsOf, startFront, type WorkersOptions } from "../support/workers.js";
import { loadOn, lostNothing } from "../support/workers-load.js";
import { until } from "../support/world.js";

const DEADLINE_MS = 120_000;

for (const socket of ["unix", "tcp"] as const) {
  const options: WorkersOptions = { program: "perl", socket, lines: 'max_age = "1s"' };
  describe(`Processes that come to their age, ${socket}`, needsOf(options), () => {
    test("All are replaced, again and again, and no request is lost; a command of a person waits for that", async () => {
      const world = await createWorkers(options);
      try {
        await world.workers("start");
        const front = await startFront(world, "proxy");
        const load = loadOn(world, { body: "n=1" });
        try {
          const { generation } = await world.set();
          const later = async (): Promise<boolean> => (await world.set()).generation > generation + 1;
          await until("two replacements", later, DEADLINE_MS);
          await until("a third", async () => (await world.set()).doing === "recycle", DEADLINE_MS);
          await world.graceful();
          assert.equal((await world.set()).processes.filter(({ state }) => state === "runs").length, 2);
        } finally {
          await lostNothing(load);
          await front.stop();
        }
      } finally {
        await world.end();
      }
    });
  });
}

describe(
  "PHP that ends by itself after so many requests",
  needsOf({ program: "php-short", socket: "unix" }),
  () => {
    test("Others take its place at once: no request is lost, and it is no death", async () => {
      const world = await createWorkers({ program: "php-short", socket: "unix" });
      try {
        await world.workers("start");
        const front = await startFront(world, "proxy");
        const load = loadOn(world, { path: world.path, pauseMs: 0 });
        try {
          const restarts = async (): Promise<number> =>
            (await world.set()).processes.reduce((sum, one) => sum + one.restarts, 0);
          await until("six ends", async () => (await restarts()) >= 6, DEADLINE_MS);
          assert.equal((await world.set()).trouble, null);
        } finally {
          await lostNothing(load);
          await front.stop();
        }
      } finally {
        await world.end();
      }
    });
  },
);

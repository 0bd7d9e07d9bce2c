import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { sendMany, sendOne, type Outcome } from "../support/hold-clients.js";
import { HOLDING_KINDS, startHeldWorld, type HeldWorld } from "../support/held-world.js";
import { needs } from "../support/needs.js";
import { until } from "../support/world.js";

const RELOAD = { lighttpd: "SIGUSR1", nginx: "SIGHUP", "nginx-lua": "SIGHUP", proxy: "SIGHUP" } as const;
const WAITING = 4;

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.unref().once("connect", () => socket.destroy());
  });
}

for (const { name, kind, workers, need } of HOLDING_KINDS) {
  describe(`A reload and a restart in a hold, on ${name}`, needs(...need), () => {
    let world: HeldWorld;
    before(async () => (world = await startHeldWorld({ kind, workers })));
    after(() => world.end());

    /** Held, with requests that wait, and others that come all the time: while `act` runs none gets past. */
    const nothingPasses = async (label: string, act: () => Promise<void>): Promise<Promise<Outcome>[]> => {
      const from = await world.executedNow();
      await world.hold();
      const first = sendMany(world.port, `${label}-first`, WAITING);
      await world.waiting(WAITING);
      let isOver = false;
      const trickle = (async () => {
        const all: Promise<Outcome>[] = [];
        // A slow machine is not to have more of them.
        for (let n = 0; !isOver && n < 400; n += 1) {
          all.push(sendOne(world.port, `${label}-${n}`, n % 2 === 0 ? "get" : "post"));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return all;
      })();
      await act();
      const last = sendMany(world.port, `${label}-last`, WAITING);
      await until("those behind to wait", async () => (await world.heldNow()) >= WAITING);
      isOver = true;
      const between = await trickle;
      await world.executedNow();
      assert.deepEqual(world.seen(from), [], "nothing is at the backend");
      await world.done("release");
      for (const one of await Promise.all(last)) assert.ok(one.isRight, JSON.stringify(one));
      return [...first, ...between];
    };
    const isOnce = async (outcomes: readonly Promise<Outcome>[], from: number): Promise<void> => {
      const all = await Promise.all(outcomes);
      await world.executedNow();
      const ids = world.seen(from);
      assert.equal(new Set(ids).size, ids.length, "nothing is executed twice");
      for (const { id, status } of all) assert.equal(ids.includes(id), status === 200, id);
    };

    test("a reload lets nobody past, and those that wait are answered at the release", async () => {
      const from = await world.executedNow();
      const outcomes = await nothingPasses("reload", async () => {
        process.kill(world.masterPid(), RELOAD[kind]);
        assert.equal((await world.site()).mode, "hold");
      });
      for (const one of await Promise.all(outcomes.slice(0, WAITING)))
        assert.ok(one.isRight, JSON.stringify(one));
      await isOnce(outcomes, from);
    });

    test("a server that is stopped and started again holds: nobody gets past", async () => {
      const from = await world.executedNow();
      let started = Promise.resolve();
      const outcomes = await nothingPasses("restart", async () => {
        await world.stop();
        // It is asked whether it is up with a request, which waits.
        started = world.start();
        await until("it to listen", () => isOpen(world.port));
      });
      await started;
      await isOnce(outcomes, from);
      assert.equal((await world.site()).verified, true);
    });
  });
}

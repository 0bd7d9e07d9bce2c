import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Faults } from "../support/faults.js";
import { needs } from "../support/needs.js";
import { createWorld, FENCE } from "../support/world.js";

const DAY_SEC = 86_400;
/** A busy machine takes long for everything, and nothing of it a day. */
const TOOK_MS_MAX = 60_000;

describe(
  "a wall clock that jumps by a day while a switch is under way",
  needs("gcc", "linux", "lighttpd", "root"),
  async () => {
    const world = await createWorld({ kind: "lighttpd" });
    const faults = new Faults(world.folder);
    after(async () => {
      faults.close();
      await world.end();
    });

    for (const [mode, seconds] of [
      ["down", DAY_SEC],
      ["up", -DAY_SEC],
    ] as const) {
      test(`${seconds > 0 ? "ahead" : "back"}: the switch is proven, and its deadlines do not move`, async () => {
        if (mode === "down") {
          assert.equal((await world.fence("apply")).code, 0);
          await world.start();
        }
        const run = [FENCE, "-c", world.specFile, mode, "main", "--json"];
        // The journal is written before anything is put in force: settle and proof are still to come.
        const { calls } = await faults.run(
          [FENCE, "-c", world.specFile, mode, "main", "--reason", "first", "--json"],
          null,
        );
        const journal = calls.find(({ name, path }) => name === "rename" && path.endsWith("journal.json"));
        assert.ok(journal, calls.map(({ path }) => path).join("\n"));
        assert.equal((await world.fence(mode === "down" ? "up" : "down", "main")).code, 0);
        const jumped = await faults.run(run, { at: journal.number, act: { kind: "clock", seconds } });
        assert.equal(jumped.isHit, true);
        assert.equal(jumped.code, 0, jumped.stderr);
        const { tookMs } = JSON.parse(jumped.stdout.trim().split("\n").at(-1) ?? "") as { tookMs: number };
        assert.ok(tookMs >= 0 && tookMs < TOOK_MS_MAX, String(tookMs));
        assert.equal((await world.get()).status, mode === "down" ? 503 : 200);
        assert.equal((await world.fence("is", mode, "main")).code, 0);
      });
    }
  },
);

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { WebServerKind } from "../../src/spec/types.js";
import { startLoad } from "../support/load.js";
import { needs, type Need } from "../support/needs.js";
import { createWorld } from "../support/world.js";

/** By the fence program, of all kinds together; 2,000 for a release. */
const TOGGLES = Number(process.env["FENCE_TOGGLES"] ?? 52);
const KINDS: readonly { kind: WebServerKind; need: Need }[] = [
  { kind: "lighttpd", need: "lighttpd" },
  { kind: "nginx", need: "nginx" },
  { kind: "nginx-lua", need: "nginx-lua" },
  { kind: "proxy", need: "linux" },
];
const OF_EACH = Math.ceil(TOGGLES / KINDS.length);
/** How long each mode lasts once it is in force, so that requests are answered in it. */
const DWELL_MS = 20;

for (const { kind, need } of KINDS) {
  test(
    `fence down and fence up of ${kind}, ${OF_EACH} in all, under load: once one has ended with 0, no answer is of the old mode`,
    needs("root", need),
    async () => {
      const workers = kind === "proxy" ? "" : "workers = 2";
      const world = await createWorld({ kind, serverLines: workers });
      try {
        const applied = await world.fence("apply");
        assert.equal(applied.code, 0, applied.stderr);
        await world.start();
        const load = startLoad({
          port: world.port,
          hostHeader: "main.test",
          connections: 8,
          pauseMs: 2,
          accepts(status, headers) {
            if (status === 200) return headers.has("x-maintenance-mode") ? null : "up";
            return status === 503 && headers.get("x-maintenance-mode") === "1" ? "down" : null;
          },
        });
        for (let toggle = 0; toggle < OF_EACH; toggle += 1) {
          const mode = toggle % 2 === 0 ? "down" : "up";
          load.mark(null);
          const { code, stdout, stderr } = await world.fence(mode, "main");
          assert.equal(code, 0, `toggle ${toggle}\n${stdout}${stderr}`);
          load.mark(mode);
          await pause(DWELL_MS);
        }
        load.mark(null);
        const { wrong, stale, connectionErrors, badFraming, afterMark, faults } = await load.stop();
        assert.deepEqual(
          { wrong, stale, connectionErrors, badFraming },
          { wrong: 0, stale: 0, connectionErrors: 0, badFraming: 0 },
          faults.join("\n"),
        );
        assert.ok(afterMark >= OF_EACH, `only ${afterMark} answers were judged`);
        console.log(`# ${kind}: ${OF_EACH} toggles, ${afterMark} answers judged`);
      } finally {
        await world.end();
      }
    },
  );
}

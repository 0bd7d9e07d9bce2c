import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Mode } from "../../src/base/mode.js";
import { startLoad } from "../support/load.js";
import { needs } from "../support/needs.js";
import { nginxSpec, siteOf, startNginx } from "../support/nginx.js";
import { httpAt } from "../support/listen.js";

/** With those of lighttpd more than 2,000 in all. */
const TOGGLES = Number(process.env["FENCE_TOGGLES"] ?? 240);
/** How long each mode lasts once it is in force, so that requests are answered in it. */
const DWELL_MS = 10;
const PORTS = { nginx: 22030, "nginx-lua": 22040, proxy: 23130 } as const;

for (const kind of ["nginx", "nginx-lua", "proxy"] as const) {
  test(
    `${TOGGLES} toggles of ${kind} under load: no request lost, none answered in the old mode after a switch`,
    needs(...(kind === "proxy" ? [] : [kind]), "root"),
    async () => {
      const port = PORTS[kind];
      const world = await startNginx((folder, backend) =>
        nginxSpec(kind, folder, backend.port, [httpAt(port)], [siteOf("main")]),
      );
      try {
        const pids = world.workerPids();
        const load = startLoad({
          port,
          hostHeader: "main.test",
          connections: 32,
          accepts(status, headers) {
            if (status === 200) return headers.has("x-maintenance-mode") ? null : "up";
            return status === 503 && headers.get("x-maintenance-mode") === "1" ? "down" : null;
          },
        });
        let mode: Mode = "up";
        for (let toggle = 0; toggle < TOGGLES; toggle++) {
          mode = mode === "up" ? "down" : "up";
          load.mark(null);
          await world.switchTo("main", { mode });
          load.mark(mode);
          await pause(DWELL_MS);
        }
        load.mark(null);
        const report = await load.stop();
        const { wrong, stale, connectionErrors, badFraming } = report;
        const faults = { wrong, stale, connectionErrors, badFraming };
        assert.deepEqual(
          faults,
          { wrong: 0, stale: 0, connectionErrors: 0, badFraming: 0 },
          report.faults.join("\n"),
        );
        assert.ok(report.afterMark > TOGGLES, `only ${report.afterMark} answers were judged`);
        assert.ok((report.byMode["up"] ?? 0) > 0 && (report.byMode["down"] ?? 0) > 0);
        assert.deepEqual(world.workerPids(), pids);
      } finally {
        await world.end();
      }
    },
  );
}

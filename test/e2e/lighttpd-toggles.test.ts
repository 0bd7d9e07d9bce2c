import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import type { Server } from "../../src/spec/types.js";
import {
  install,
  modeValues,
  remove,
  serverOn,
  siteNamed,
  specOf,
  startLighttpd,
  switchTo,
  temporaryFolder,
} from "../support/lighttpd.js";
import { startLoad, type LoadReport } from "../support/load.js";
import { needs } from "../support/needs.js";
import { freePort } from "../support/world.js";
import { upstreamOf } from "../support/spec-parts.js";

/** Of each combination; "simple" takes a second for each, so it has fewer unless asked. */
const TOGGLES = { simple: 60, disable: 300, inotify: 300 } as const;
const togglesOf = (statCache: Server["statCache"]): number =>
  Number(process.env["FENCE_TOGGLES"] ?? TOGGLES[statCache]);
const CONNECTIONS = 6;
const PAUSE_MS = 10;
/**
 * For so long after a settled switch only the new mode is legal, before the next switch begins. "simple" looks at the
 * file on each full second, so that a longer watch there costs no time.
 */
const WATCH_MS = { simple: 400, disable: 30, inotify: 30 } as const;

suite("switching under keep-alive load", { concurrency: 6 }, () => {
  for (const statCache of ["simple", "disable", "inotify"] as const) {
    for (const workers of [0, 2]) {
      test(
        `no request is lost and none is answered late with stat cache ${statCache} and ${workers} workers`,
        needs("lighttpd"),
        async (t) => {
          const report = await toggle({ statCache, workers });
          const told = JSON.stringify(report);
          t.diagnostic(told);
          assert.equal(report.wrong, 0, told);
          assert.equal(report.badFraming, 0, told);
          assert.equal(report.connectionErrors, 0, told);
          assert.equal(report.stale, 0, told);
          assert.ok(report.afterMark >= togglesOf(statCache), told);
          assert.ok((report.byMode["up"] ?? 0) > 0 && (report.byMode["down"] ?? 0) > 0, told);
        },
      );
    }
  }
});

async function toggle(more: Partial<Server>): Promise<LoadReport> {
  const folder = temporaryFolder();
  const backend = http.createServer((_request, response) => response.end("live\n"));
  backend.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const port = await freePort();
  const server = serverOn(folder, port, more);
  const site = siteNamed("main", server);
  const address = { kind: "tcp" as const, host: "127.0.0.1", port: (backend.address() as AddressInfo).port };
  const spec = specOf(folder, [server], [site], [upstreamOf("app", [address])]);
  install(spec, server);
  const running = await startLighttpd(`${spec.outputDir}/web/lighttpd.conf`, server.pidFile);
  const load = startLoad({
    port,
    hostHeader: "main.test",
    connections: CONNECTIONS,
    pauseMs: PAUSE_MS,
    accepts: (status, headers) => {
      if (status === 200) return headers.has("x-maintenance-mode") ? null : "up";
      return status === 503 && headers.get("x-maintenance-mode") === "1" && headers.has("retry-after")
        ? "down"
        : null;
    },
  });
  try {
    for (let count = 1; count <= togglesOf(server.statCache); count += 1) {
      const mode = count % 2 === 1 ? "down" : "up";
      load.mark(null);
      await switchTo(spec, server, site, modeValues(mode, count + 1), running.masterPid);
      load.mark(mode);
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS[server.statCache]));
    }
    return await load.stop();
  } finally {
    await load.stop();
    await running.stop();
    backend.close();
    backend.closeAllConnections();
    remove(folder);
  }
}

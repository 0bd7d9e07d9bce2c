import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import { lighttpd } from "../../src/servers/lighttpd.js";
import { observeWorkers } from "../../src/verify/lighttpd.js";
import { ask } from "../support/ask.js";
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
import { needs } from "../support/needs.js";
import { freePort, until } from "../support/world.js";
import { upstreamOf } from "../support/spec-parts.js";

suite("a reload of lighttpd with a request under way", needs("lighttpd", "root"), () => {
  for (const workers of [0, 2]) {
    test(`cuts nothing and leaves a server that can be switched and proven, with ${workers} workers`, async () => {
      const folder = temporaryFolder();
      const backend = await startSlowBackend();
      const port = await freePort();
      const server = serverOn(folder, port, { workers, user: "www-data" });
      const site = siteNamed("main", server);
      const spec = specOf(folder, [server], [site], [upstreamOf("app", [backend.address])]);
      install(spec, server);
      const running = await startLighttpd(`${spec.outputDir}/web/lighttpd.conf`, server.pidFile);
      const point = lighttpd.switchPoint(spec, server, site);
      const look = () => observeWorkers(point, server, running.masterPid);
      try {
        const slow = ask({ port, headers: { Host: "main.test" } });
        slow.catch(() => {});
        await until("the request to be counted", async () => (await look()).inflight === 1);
        process.kill(running.masterPid, lighttpd.reloadSignal);
        await until("the second start", () => running.errors().split("server started").length === 3);

        await switchTo(spec, server, site, modeValues("down", 2), running.masterPid);
        const view = await look();
        assert.equal(view.problem, null);
        assert.equal(view.workers.length, Math.max(workers, 1), "the retired process is not asked for");
        assert.equal(view.inflight, null, "what the retired process still does cannot be told");
        assert.equal((await ask({ port, headers: { Host: "main.test" } })).status, 503);

        backend.release();
        assert.equal((await slow).body, "live\n");
        await until("the retired process to end", async () => (await look()).inflight === 0);
      } finally {
        backend.release();
        await running.stop();
        backend.close();
        remove(folder);
      }
    });
  }
});

async function startSlowBackend() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const server = http.createServer((_request, response) => {
    void released.then(() => response.end("live\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = { kind: "tcp" as const, host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address, release: () => release(), close };
}

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { suite, test } from "node:test";
import { lighttpd } from "../../src/servers/lighttpd.js";
import type { Server } from "../../src/spec/types.js";
import { observeWorkers } from "../../src/verify/lighttpd.js";
import { ask } from "../support/ask.js";
import {
  install,
  LIGHTTPD,
  modeValues,
  put,
  remove,
  serverOn,
  siteNamed,
  specOf,
  startLighttpd,
  switchTo,
  temporaryFolder,
} from "../support/lighttpd.js";
import { needs } from "../support/needs.js";
import { freePort } from "../support/world.js";
import { upstreamOf } from "../support/spec-parts.js";
import { httpAt } from "../support/listen.js";

suite("how the gate is wired into lighttpd", needs("lighttpd"), () => {
  test("gate.conf fits into a config of the user's own and comes before its other modules", async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const server = serverOn(folder, port, { config: "include", workers: 2 });
    const site = siteNamed("main", server, { upstream: null });
    const spec = specOf(folder, [server], [site], []);
    install(spec, server);
    const config = `server.modules = ( "mod_redirect", "mod_magnet" )
server.document-root = "/nonexistent"
server.pid-file = "${server.pidFile}"
server.bind = "127.0.0.1"
server.port = ${port}
server.max-worker = 2
$HTTP["host"] == "main.test" { url.redirect = ( "^/" => "/elsewhere" ) }
include "rendered/web/gate.conf"
`;
    writeFileSync(`${folder}/own.conf`, config);
    const tested = spawnSync(LIGHTTPD, ["-tt", "-f", `${folder}/own.conf`], { encoding: "utf8" });
    assert.deepEqual([tested.status, tested.stderr], [0, ""]);
    const running = await startLighttpd(`${folder}/own.conf`, server.pidFile);
    try {
      const get = (path = "/") => ask({ port, path, headers: { Host: "main.test" } });
      assert.equal((await get()).status, 301);
      assert.equal(
        (await get("/.well-known/fence/probe")).body,
        '{"fence":"up","site":"main","generation":1}\n',
      );
      await switchTo(spec, server, site, modeValues("down", 2), running.masterPid);
      assert.equal((await get()).status, 503);
      const view = await observeWorkers(lighttpd.switchPoint(spec, server, site), server, running.masterPid);
      assert.equal(view.inflight, null, "whose requests they are cannot be told");
    } finally {
      await running.stop();
      remove(folder);
    }
  });

  test("the rendered config passes the config test, and one with an unknown directive does not", async () => {
    const folder = temporaryFolder();
    const server = serverOn(folder, await freePort());
    const spec = specOf(folder, [server], [siteNamed("main", server, { upstream: null })], []);
    install(spec, server);
    const command = lighttpd.configTest(server, `${spec.outputDir}/web`);
    assert.ok(command?.stderrFails);
    const run = () => spawnSync(command.program, command.args, { encoding: "utf8" });
    assert.deepEqual([run().status, run().stderr], [0, ""]);
    writeFileSync(`${spec.outputDir}/web/gate.conf`, 'magnet.attract-row-url-to = ( "/x" )\n');
    assert.match(run().stderr, /unknown config-key/);
    remove(folder);
  });

  test("a site with a listen of its own is gated and served there alone", async () => {
    const folder = temporaryFolder();
    const [port, own] = [await freePort(), await freePort()];
    const server: Server = serverOn(folder, port);
    const ownListen = [httpAt(own)];
    const backend = await startBackend();
    const main = siteNamed("main", server);
    const inner = siteNamed("inner", server, { listen: { web: ownListen } });
    const spec = specOf(folder, [server], [main, inner], [upstreamOf("app", [backend.address])]);
    install(spec, server);
    const running = await startLighttpd(`${spec.outputDir}/web/lighttpd.conf`, server.pidFile);
    try {
      const status = async (at: number, host: string) =>
        (await ask({ port: at, headers: { Host: host } })).status;
      const all = async () => [
        await status(port, "main.test"),
        await status(own, "main.test"),
        await status(port, "inner.test"),
        await status(own, "inner.test"),
      ];
      assert.deepEqual(await all(), [200, 404, 404, 200]);
      await switchTo(spec, server, inner, modeValues("down", 2), running.masterPid);
      assert.deepEqual(await all(), [200, 404, 404, 503]);
    } finally {
      await running.stop();
      backend.close();
      remove(folder);
    }
  });

  test("workers are settled only on the file that is in force, and requests at the backend are counted", async () => {
    const folder = temporaryFolder();
    const port = await freePort();
    const server = serverOn(folder, port, { workers: 2 });
    const backend = await startBackend(() => {});
    const site = siteNamed("main", server);
    const spec = specOf(folder, [server], [site], [upstreamOf("app", [backend.address])]);
    install(spec, server);
    const running = await startLighttpd(`${spec.outputDir}/web/lighttpd.conf`, server.pidFile);
    try {
      await switchTo(spec, server, site, modeValues("up", 2), running.masterPid);
      const point = lighttpd.switchPoint(spec, server, site);
      const waiting = Array.from({ length: 5 }, () =>
        ask({ port, headers: { Host: "main.test" } }).catch(() => null),
      );
      let view = await observeWorkers(point, server, running.masterPid);
      const end = performance.now() + 10_000;
      while (view.inflight !== 5 && performance.now() < end)
        view = await observeWorkers(point, server, running.masterPid);
      assert.equal(view.inflight, 5);
      assert.equal(view.workers.length, 2);
      assert.ok(view.workers.every((worker) => worker.settled));
      // The stat cache may or may not have seen it yet; what is never told is "settled" for another file.
      put(spec, server, site, modeValues("down", 3));
      const answer = await observeWorkers(
        { ...point, active: `${point.active}.gone` },
        server,
        running.masterPid,
      );
      assert.match(answer.problem ?? "", /cannot be read/);
      backend.close();
      await Promise.all(waiting);
    } finally {
      await running.stop();
      backend.close();
      remove(folder);
    }
    const gone = await observeWorkers(lighttpd.switchPoint(spec, server, site), server, running.masterPid);
    assert.notEqual(gone.problem, null);
  });
});

type Handler = (response: http.ServerResponse) => void;

async function startBackend(handle: Handler = (response) => response.end("live\n")) {
  const server = http.createServer((_request, response) => handle(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = { kind: "tcp" as const, host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address, close };
}

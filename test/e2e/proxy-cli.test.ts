import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { needs } from "../support/needs.js";
import { createWorld, type World } from "../support/world.js";

/** `fence proxy` as a person and as systemd use it. */
describe("fence proxy", needs("linux"), () => {
  let world: World;
  before(async () => {
    world = await createWorld({ kind: "proxy" });
    const applied = await world.fence("apply");
    assert.equal(applied.code, 0);
    assert.match(applied.stdout, /web does not run.*by hand: fence -c \/.*fence\.toml proxy run web$/m);
  });
  after(() => world?.end());

  test("Before anything is rendered it does not start, and says what to do", async () => {
    const bare = await createWorld({ kind: "proxy" });
    try {
      const done = await bare.fence("proxy", "run");
      assert.equal(done.code, 1);
      assert.match(done.stderr, /nothing is rendered yet.*proxy\.json/);
      assert.match(done.stderr, /fence apply/);
    } finally {
      await bare.end();
    }
  });

  test("status, reload and stop of a proxy that does not run say so", async () => {
    for (const action of ["status", "reload", "stop"]) {
      const done = await world.fence("proxy", action);
      assert.equal(done.code, 1, action);
      assert.match(done.stderr, /server-not-running/);
    }
  });

  test("An action and a server that there are not are told with what there is", async () => {
    const action = await world.fence("proxy", "rnu", "web");
    assert.equal(action.code, 64);
    assert.match(action.stderr, /did you mean run\?/);
    const server = await world.fence("proxy", "run", "wbe");
    assert.equal(server.code, 64);
    assert.ok(server.stderr.includes("unknown-server"), server.stderr);
    assert.match(server.stderr, /the proxies are web/);
  });

  test("It runs, is known by its name, and a second one does not start beside it", async () => {
    await world.start();
    const pid = world.masterPid();
    assert.equal(readFileSync(`/proc/${pid}/comm`, "utf8"), "fence-proxy\n");
    const second = await world.fence("proxy", "run", "web");
    assert.equal(second.code, 1);
    assert.match(second.stderr, /another proxy answers on .*control\.sock/);
    assert.ok(second.stderr.includes("server-unfit"), second.stderr);
    assert.equal(world.masterPid(), pid);
    assert.equal((await world.get()).status, 200);
    const doctor = await world.fence("doctor");
    assert.match(doctor.stdout, /runs as process/);
  });

  test("status tells its sites and backends, and reload what became of it", async () => {
    const status = await world.fence("proxy", "status", "--json");
    const report = JSON.parse(status.stdout) as { pid: number; sites: { mode: string }[] };
    assert.deepEqual([report.pid, report.sites[0]?.mode], [world.masterPid(), "up"]);
    const good = await world.fence("proxy", "reload", "web");
    assert.equal(good.code, 0, good.stderr);
    const text = readFileSync(world.specFile, "utf8");
    writeFileSync(world.specFile, text.replace('"main.test"', '"main.test", "new.test"'));
    assert.match((await world.fence("proxy", "status")).stdout, /fence\.toml was changed since/);
    assert.equal((await world.fence("proxy", "reload", "web")).code, 0);
    assert.equal((await world.get("/", { Host: "new.test" })).status, 404, "a reload takes what is rendered");
    await world.stop();
    await world.start();
    assert.equal((await world.get("/", { Host: "new.test" })).status, 404, "and so does a start");
    const applied = await world.fence("apply", "--reload");
    assert.equal(applied.code, 0, applied.stderr);
    assert.equal((await world.get("/", { Host: "new.test" })).status, 200);
  });

  test("apply --reload proves that the proxy took the config, and says why when it did not", async () => {
    const text = readFileSync(world.specFile, "utf8");
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    writeFileSync(world.specFile, text.replace('listen = ["', `listen = ["127.0.0.1:${port}", "`));
    try {
      const refused = await world.fence("apply", "--reload");
      assert.equal(refused.code, 1, refused.stderr);
      assert.match(refused.stderr, /web runs on with the old config: .*EADDRINUSE/);
      assert.match((await world.fence("proxy", "status")).stdout, /rendered anew: fence proxy reload/);
      assert.match((await world.fence("apply")).stdout, /reload/);
    } finally {
      writeFileSync(world.specFile, text);
      taken.close();
    }
    assert.equal((await world.fence("apply", "--reload")).code, 0);
    assert.doesNotMatch((await world.fence("proxy", "status")).stdout, /anew/);
  });

  test("A mode survives kill -9, and what was left behind does not stand in the way", async () => {
    assert.equal((await world.fence("down", "main")).code, 0);
    await world.stop("SIGKILL");
    assert.ok(existsSync(join(world.folder, "run/web/control.sock")));
    await world.start();
    assert.equal((await world.get()).status, 503);
    assert.equal((await world.fence("is", "down")).code, 0);
    assert.equal((await world.fence("up", "main")).code, 0);
  });

  test("stop ends it, and leaves neither a pid file nor a socket", async () => {
    const stopped = await world.fence("proxy", "stop");
    assert.equal(stopped.code, 0, stopped.stderr);
    for (const name of ["server.pid", "control.sock"]) {
      assert.equal(existsSync(join(world.folder, "run/web", name)), false, name);
    }
  });

  test("A port that is taken is told, and nothing is left behind", async () => {
    const { port } = world;
    const other = createServer().listen(port, "127.0.0.1");
    try {
      const done = await world.fence("proxy", "run");
      assert.equal(done.code, 1);
      assert.match(done.stderr, /EADDRINUSE/);
      assert.equal(existsSync(join(world.folder, "run/web/control.sock")), false);
    } finally {
      other.close();
    }
  });
});

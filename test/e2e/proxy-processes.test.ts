import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { childrenOf, isAlive, processInfo } from "../../src/base/process-info.js";
import { askControl } from "../../src/proxy/process/ask-control.js";
import { BoundSockets } from "../../src/proxy/process/sockets.js";
import type { StatusReport } from "../../src/proxy/status.js";
import { httpAt } from "../support/listen.js";
import { startLoad, type Load, type LoadReport } from "../support/load.js";
import { needs } from "../support/needs.js";
import { createWorld, FENCE, freePort, until, type World } from "../support/world.js";

const IDLE_CONNECTIONS = 1000;
const RELOADS = 100;
const UPGRADES = 20;
/** Bare, Node takes some 45 MB; what a parser of specs would add is well above what is left. */
const IDLE_BYTES_MAX = 85 * 1024 * 1024;

let world: World | null = null;
const others: (() => unknown)[] = [];

/** Whoever is asked to end still removes its files: the world's folder goes only after it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

afterEach(async () => {
  for (const other of others.splice(0)) await other();
  const ended = world;
  world = null;
  if (ended === null) return;
  const pid = masterOf(ended);
  const start = pid === null ? "" : (processInfo(pid)?.start ?? "");
  if (pid !== null && isAlive(pid, start)) {
    process.kill(pid, "SIGTERM");
    await until("the proxy to end", () => !isAlive(pid, start), 60_000);
  }
  await ended.end();
});

function masterOf(of: World): number | null {
  try {
    return of.masterPid();
  } catch {
    return null;
  }
}

/** One applied and started proxy. */
async function started(serverLines: string, siteLines = ""): Promise<World> {
  world = await createWorld({ kind: "proxy", serverLines, siteLines });
  const applied = await world.fence("apply");
  assert.equal(applied.code, 0, applied.stderr);
  await world.start();
  return world;
}

const socketOf = (of: World): string => join(of.folder, "run/web/control.sock");
const statusOf = (of: World): Promise<StatusReport> =>
  askControl<StatusReport>(socketOf(of), "GET", "/status", 5000);
const upgrade = (of: World): Promise<{ pid: number; from: number }> =>
  askControl(socketOf(of), "POST", "/upgrade", 60_000);

/** Kept connections and new ones, without a body and with one. */
function loadsOn({ port }: World): Load[] {
  const accepts = (status: number): string | null => (status === 200 ? "up" : null);
  const common = { port, hostHeader: "main.test", connections: 4, pauseMs: 2, accepts };
  return [
    startLoad(common),
    startLoad({ ...common, body: "x".repeat(2000) }),
    startLoad({ ...common, closes: true }),
    startLoad({ ...common, closes: true, body: "y".repeat(20_000) }),
  ];
}

async function assertNoneLost(loads: readonly Load[]): Promise<void> {
  for (const load of loads) {
    const report: LoadReport = await load.stop();
    assert.ok(report.responses > 50, `${report.responses} responses`);
    const { wrong, connectionErrors, badFraming, faults } = report;
    assert.deepEqual(
      { wrong, connectionErrors, badFraming },
      { wrong: 0, connectionErrors: 0, badFraming: 0 },
      faults.join("; "),
    );
  }
}

for (const workers of [1, 2]) {
  describe(`the processes of a proxy with workers = ${workers}`, needs("linux"), () => {
    test(`${RELOADS} reloads under load lose nothing`, async () => {
      const of = await started(`workers = ${workers}`);
      const loads = loadsOn(of);
      for (let round = 1; round <= RELOADS; round += 1) {
        process.kill(of.masterPid(), "SIGHUP");
        await until("the reload", async () => (await statusOf(of)).reloads === round);
      }
      await assertNoneLost(loads);
      assert.equal((await statusOf(of)).reloadsFailed, 0);
    });

    test(`${UPGRADES} upgrades under load lose nothing, and the old processes end`, async () => {
      const of = await started(`workers = ${workers}`);
      const loads = loadsOn(of);
      const pids = [of.masterPid()];
      for (let round = 1; round <= UPGRADES; round += 1) {
        const { pid, from } = await upgrade(of);
        assert.equal(from, pids.at(-1));
        assert.equal(of.masterPid(), pid);
        assert.equal((await statusOf(of)).pid, pid);
        pids.push(pid);
      }
      await assertNoneLost(loads);
      for (const pid of pids.slice(0, -1))
        await until(`process ${pid} to end`, () => !isAlive(pid, processInfo(pid)?.start ?? ""), 60_000);
      assert.equal((await of.fence("down", "main")).code, 0);
    });

    test("A new process that does not become ready leaves the old one in place, and that is said", async () => {
      const of = await started(`workers = ${workers}`);
      const pid = of.masterPid();
      const document = join(of.folder, "rendered/web/proxy.json");
      const text = readFileSync(document, "utf8");
      writeFileSync(document, text.replace("fence/proxy@1", "fence/proxy@999"));
      const done = await of.fence("proxy", "upgrade");
      assert.equal(done.code, 1);
      assert.match(done.stderr, /web was not upgraded, and runs on as it was: .*fence\/proxy@999/);
      assert.ok(done.stderr.includes("upgrade-failed"), done.stderr);
      assert.equal(of.masterPid(), pid);
      assert.equal((await of.get()).status, 200);
      writeFileSync(document, text);
      const again = await of.fence("proxy", "upgrade");
      assert.equal(again.code, 0, again.stderr);
      assert.notEqual(of.masterPid(), pid);
      assert.equal((await of.get()).status, 200);
    });
  });
}

describe("workers", needs("linux"), () => {
  test("fence down proves every worker, and is not proven while one is silent", async () => {
    const of = await started("workers = 2", '[site.main.settle]\ntimeout = "3s"');
    const pids = childrenOf(of.masterPid());
    assert.equal(pids.length, 2);
    const done = await of.fence("down", "main", "--json");
    assert.equal(done.code, 0, done.stderr);
    const report = await askControl<{ workers: number[]; synced: boolean }>(
      socketOf(of),
      "POST",
      "/sync?site=main",
      5000,
    );
    assert.deepEqual([...report.workers].sort(), [...pids].sort());
    assert.equal(report.synced, true);
    const [stopped = 0] = pids;
    process.kill(stopped, "SIGSTOP");
    others.push(() => process.kill(stopped, "SIGCONT"));
    const unproven = await of.fence("up", "main");
    assert.notEqual(unproven.code, 0);
    assert.ok(
      unproven.stderr.includes(String(stopped)) || /every worker/.test(unproven.stderr),
      unproven.stderr,
    );
  });

  test("kill -9 of a worker loses its own connections alone, and another takes its place", async () => {
    const of = await started("workers = 2");
    const loads = loadsOn(of);
    const before = (await statusOf(of)).workers ?? [];
    const [victim] = before;
    await until("connections on each", async () =>
      ((await statusOf(of)).workers ?? []).every(({ connections }) => (connections ?? 0) > 0),
    );
    const held =
      ((await statusOf(of)).workers ?? []).find(({ pid }) => pid === victim?.pid)?.connections ?? 0;
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await until("a new worker", async () => {
      const now = (await statusOf(of)).workers ?? [];
      return now.length === 2 && now.every(({ pid, state }) => state === "serves" && pid !== victim?.pid);
    });
    let lost = 0;
    for (const load of loads) {
      const report = await load.stop();
      assert.equal(report.wrong + report.badFraming, 0, report.faults.join("; "));
      lost += report.connectionErrors;
    }
    // Those of short-lived connections come and go between the count and the end.
    assert.ok(lost <= held + 8, `${lost} lost of ${held}`);
    assert.match((await of.fence("proxy", "status")).stdout, /1 restart\b/);
  });

  test("kill -9 of the supervisor ends its workers, and the next start works at once", async () => {
    const of = await started("workers = 2");
    const workers = childrenOf(of.masterPid());
    await of.stop("SIGKILL");
    for (const pid of workers) assert.equal(processInfo(pid)?.state ?? "Z", "Z");
    await of.start();
    assert.equal((await of.get()).status, 200);
    await of.stop("SIGKILL");
    const again = of.fenceProcess("proxy", "run");
    others.push(() => end(again));
    await until("it to serve", async () => (await of.get().catch(() => null))?.status === 200);
  });

  test("A reload that one worker cannot take changes nothing in any", async () => {
    const of = await started("workers = 2");
    const text = readFileSync(of.specFile, "utf8");
    writeFileSync(of.specFile, text.replace("workers = 2", "workers = 3"));
    const refused = await of.fence("apply", "--reload");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /workers changed, which takes a new process: fence proxy upgrade/);
    assert.equal((await statusOf(of)).workers?.length, 2);
    assert.equal((await of.fence("proxy", "upgrade")).code, 0);
    assert.equal((await statusOf(of)).workers?.length, 3);
    const port = await freePort();
    writeFileSync(
      of.specFile,
      text.replace("workers = 2", "workers = 3").replace('listen = ["', `listen = ["127.0.0.1:${port}", "`),
    );
    const added = await of.fence("apply", "--reload");
    assert.equal(added.code, 0, added.stderr);
    assert.equal(await statusAt(port), 200);
  });

  test(
    "As root with a user its workers are that user, and a reload still reads what root alone may read",
    { skip: process.getuid?.() !== 0 },
    async () => {
      const of = await started('user = "www-data"');
      const [worker = 0] = childrenOf(of.masterPid());
      const status = readFileSync(`/proc/${worker}/status`, "utf8");
      const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
      assert.notEqual(uid, 0);
      assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, "m"));
      assert.doesNotMatch(status, /^Groups:.*\b0\b/m);
      assert.match(status, /^CapEff:\s+0+$/m);
      assert.equal((await of.get()).status, 200);
      assert.equal((await of.fence("down", "main")).code, 0);
      assert.equal((await of.get()).status, 503);
      assert.equal((await of.fence("proxy", "reload")).code, 0);
      assert.equal((await of.fence("proxy", "upgrade")).code, 0);
      assert.equal((await of.get()).status, 503);
    },
  );
});

describe("sockets that another process passes on", needs("linux"), () => {
  async function activated(
    port: number,
    served: number,
  ): Promise<{ of: World; child: ChildProcess; text: () => string }> {
    const of = await createWorld({ kind: "proxy" });
    world = of;
    const text = readFileSync(of.specFile, "utf8");
    writeFileSync(
      of.specFile,
      text.replace(/listen = \["127\.0\.0\.1:\d+/, `listen = ["127.0.0.1:${served}`),
    );
    assert.equal((await of.fence("apply")).code, 0);
    const bound = new BoundSockets([]);
    const fd = await bound.take(httpAt(port));
    const command = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"';
    const child = spawn(
      "sh",
      ["-c", command, "sh", process.execPath, FENCE, "-c", of.specFile, "proxy", "run"],
      {
        stdio: ["ignore", "ignore", "pipe", fd],
      },
    );
    bound.closeAll();
    others.push(() => end(child));
    let errors = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
    return { of, child, text: () => errors };
  }

  test("It serves on a socket that it was given", async () => {
    const port = await freePort();
    const { child } = await activated(port, port);
    await until(
      "it to serve",
      async () => (await statusAt(port).catch(() => 0)) === 200 || child.exitCode !== null,
    );
    assert.equal(await statusAt(port), 200);
  });

  test("One that no site listens on is told, and it does not start", async () => {
    const port = await freePort();
    const { child, text } = await activated(port, await freePort());
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 1);
    assert.match(text(), new RegExp(`given a socket on 127\\.0\\.0\\.1:${port}, where no site listens`));
  });
});

describe("memory", needs("linux"), () => {
  test(`With ${IDLE_CONNECTIONS} idle connections it holds less than ${IDLE_BYTES_MAX >> 20} MB`, async () => {
    const of = await started("");
    const sockets: Socket[] = [];
    others.push(() => sockets.forEach((socket) => socket.destroy()));
    for (let made = 0; made < IDLE_CONNECTIONS; made += 1) {
      const socket = connect(of.port, "127.0.0.1");
      socket.on("error", () => {});
      sockets.push(socket);
      if (made % 100 === 99) await new Promise((resolve) => socket.once("connect", resolve));
    }
    await until("all to be there", async () => (await statusOf(of)).connections >= IDLE_CONNECTIONS);
    const text = readFileSync(`/proc/${of.masterPid()}/status`, "utf8");
    const bytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) * 1024;
    assert.ok(bytes < IDLE_BYTES_MAX, `${(bytes / 1024 / 1024).toFixed(1)} MB`);
  });
});

function statusAt(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, agent: false, headers: { Host: "main.test" } };
    http.get(options, (response) => resolve(response.resume().statusCode ?? 0)).on("error", reject);
  });
}

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isAlive, processInfo } from "../../src/base/process-info.js";
import { bootId } from "../../src/workers/procfs.js";
import { assertFails } from "../cli/run-fence.js";
import { askWorker, createWorkers, needsOf, untilRuns, type WorkersWorld } from "../support/workers.js";
import { until } from "../support/world.js";

const PERL = { program: "perl", socket: "unix" } as const;

const isGone = (pid: number): boolean => ["Z", "X"].includes(processInfo(pid)?.state ?? "X");

/** Waits until both processes take requests, and neither is one of the old. */
async function untilReplaced(world: WorkersWorld, old: readonly number[]): Promise<void> {
  await until("two other processes", async () => {
    const pids = (await world.look())?.sets[0]?.processes.map(({ pid }) => pid) ?? [];
    return pids.length === 2 && !pids.some((pid) => old.includes(pid));
  });
  await untilRuns(world);
}

describe("Processes that are killed", needsOf(PERL), () => {
  let world: WorkersWorld;
  before(async () => {
    world = await createWorkers({ ...PERL, lines: 'pid_file = "app.pids"' });
    await world.workers("start");
  });
  after(() => world?.end());

  test("A worker: another takes its place, and its connections only are lost", async () => {
    const [first = 0, second = 0] = await world.pids();
    process.kill(first, "SIGKILL");
    await until("two processes again", async () => {
      const now = await world.pids();
      return now.length === 2 && !now.includes(first) && now.includes(second);
    });
    await askWorker(world);
  });

  test("All workers: what asks meanwhile waits for the next", async () => {
    const old = await world.pids();
    for (const pid of old) process.kill(pid, "SIGKILL");
    await until("both to be gone", () => old.every(isGone));
    await askWorker(world);
    await untilReplaced(world, old);
    assert.match((await world.set()).trouble?.why ?? "", /was ended by SIGKILL/);
  });

  test("The pid file names the workers, and when it names others, status says whom", async () => {
    const file = join(world.folder, "app.pids");
    const named = readFileSync(file, "utf8").trim().split("\n").map(Number);
    assert.deepEqual(named.sort(), (await world.pids()).sort());
    const told = new RegExp(`app\\.pids names ${process.pid} \\(.+\\), which is none of them`);
    await until("the lie to be told", async () => {
      // The supervisor writes it anew when something changes.
      writeFileSync(file, `${process.pid}\n`);
      return told.test((await world.fence("workers", "status")).stdout);
    });
  });

  test("The supervisor: its workers serve on and are adopted; then it is replaced in order", async () => {
    const { supervisor, keeper } = await world.status();
    assert.ok(keeper);
    const pids = await world.pids();
    process.kill(supervisor.pid, "SIGKILL");
    await until("the supervisor to be gone", async () => (await world.look()) === null);
    const alone = await world.fence("workers", "status");
    assert.equal(alone.code, 3);
    assert.match(alone.stdout, /process \d+ serves on/);
    assertFails(await world.fence("workers", "graceful"), "workers-not-running", 1);
    await askWorker(world);
    await world.workers("start");
    assert.deepEqual(await world.pids(), pids);
    assert.equal((await world.status()).keeper?.pid, keeper.pid);
    await world.workers("upgrade");
    const after = await world.status();
    assert.deepEqual(await world.pids(), pids);
    assert.notEqual(after.supervisor.pid, supervisor.pid);
    await world.workers("graceful");
    assert.ok((await world.pids()).every((pid) => !pids.includes(pid)));
    await askWorker(world);
  });

  test("The keeper: its workers serve until the supervisor has put others in their place", async () => {
    const orphans = await world.pids();
    const { keeper } = await world.status();
    assert.ok(keeper);
    process.kill(keeper.pid, "SIGKILL");
    await untilReplaced(world, orphans);
    assert.notEqual((await world.status()).keeper?.pid, keeper.pid);
    for (const pid of orphans) assert.ok(isGone(pid));
    await askWorker(world);
  });

  test("The keeper, while the spec cannot be read: what ran before runs again, and what was stopped stays so", async () => {
    const specFile = join(world.folder, "fence.toml");
    const spec = readFileSync(specFile, "utf8");
    const killKeeper = async (): Promise<void> => {
      const { keeper } = await world.status();
      process.kill(keeper?.pid ?? 0, "SIGKILL");
      await until("another keeper", async () => {
        const facts = await world.look();
        return facts?.supervisor.ready === true && ![undefined, keeper?.pid].includes(facts.keeper?.pid);
      });
    };
    const old = await world.pids();
    writeFileSync(specFile, "nonsense");
    await killKeeper();
    await untilReplaced(world, old);
    writeFileSync(specFile, spec);
    await world.workers("stop", "app");
    await killKeeper();
    const { state, processes } = await world.set();
    assert.deepEqual([state, processes.length], ["stopped", 0]);
    await world.workers("start", "app");
    await askWorker(world);
  });

  test("A boot: what the last one left on disk, pids and sockets, is no more than old files", async () => {
    const record = world.record();
    const { supervisor } = await world.status();
    const starts = [supervisor.pid, record.pid].map((pid) => processInfo(pid)?.start ?? "");
    await world.workers("stop");
    // Both with all that they had open: whoever unmounts the folder now can.
    assert.ok(!isAlive(supervisor.pid, starts[0] ?? "") && !isAlive(record.pid, starts[1] ?? ""));
    const stranger = spawn("sleep", ["600"], { stdio: "ignore" });
    const { pid = 0 } = stranger;
    const start = processInfo(pid)?.start ?? "";
    try {
      const socket = world.address.replace("unix:", "");
      const left = createServer().listen(socket);
      await until("a socket", () => existsSync(socket));
      const processes = record.processes.map((one) => ({ ...one, pid, start }));
      const file = join(world.folder, "run/_workers/keeper.json");
      writeFileSync(file, JSON.stringify({ ...record, boot: `${bootId()}-before`, processes }));
      writeFileSync(join(world.folder, "app.pids"), `${pid}\n`);
      const taken = await world.fence("workers", "start");
      assertFails(taken, "worker-not-ready", 1);
      assert.match(taken.stderr, /another program listens there/);
      await world.workers("stop");
      await freeAndLeaveFile(left, socket);
      await world.workers("start");
      const pids = await world.pids();
      assert.equal(pids.length, 2);
      assert.equal(
        readFileSync(join(world.folder, "app.pids"), "utf8"),
        pids.map((one) => `${one}\n`).join(""),
      );
      assert.ok(isAlive(pid, start), "nobody else was harmed");
    } finally {
      stranger.kill("SIGKILL");
    }
  });
});

/** Closes a server and leaves the file of its socket, as a crash does. */
async function freeAndLeaveFile(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  renameSync(path, `${path}.kept`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${path}.kept`, path);
}

describe("All of fence is killed, and its workers have a port", needsOf(PERL), () => {
  let world: WorkersWorld;
  before(async () => {
    world = await createWorkers({ ...PERL, socket: "tcp" });
    await world.workers("start");
  });
  after(() => world?.end());

  async function killFence(): Promise<number[]> {
    const pids = await world.pids();
    const { supervisor, keeper } = await world.status();
    for (const pid of [supervisor.pid, keeper?.pid ?? 0]) process.kill(pid, "SIGKILL");
    await until("the supervisor to be gone", async () => (await world.look()) === null);
    return pids;
  }

  test("The workers serve on; the next supervisor ends them when they are idle, and opens the port again", async () => {
    const orphans = await killFence();
    await askWorker(world);
    await world.workers("start");
    assert.ok((await world.pids()).every((pid) => !orphans.includes(pid)));
    for (const pid of orphans) assert.ok(isGone(pid));
    await askWorker(world);
  });

  test("A pid of the record that another process has by now is told, and left alone", async () => {
    const pids = await killFence();
    for (const pid of pids) process.kill(-pid, "SIGKILL");
    await until("both to be gone", () => pids.every(isGone));
    const stranger = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    const { pid = 0 } = stranger;
    try {
      const record = world.record();
      const processes = record.processes.map((one) => ({ ...one, pid }));
      const file = join(world.folder, "run/_workers/keeper.json");
      writeFileSync(file, JSON.stringify({ ...record, pid, processes }));
      const { stdout } = await world.fence("workers", "status");
      assert.match(stdout, new RegExp(`${pid}.*sleep`));
      await world.workers("start");
      assert.equal((await world.pids()).length, 2);
      assert.equal(isGone(pid), false);
      await world.workers("stop");
      assert.equal(isGone(pid), false);
    } finally {
      stranger.kill("SIGKILL");
    }
  });
});

describe("A program that dies again and again", needsOf(PERL), () => {
  test("The pauses grow, the breaker opens, status says since when and why, and a mended program closes it", async () => {
    const lines = 'restart = { first = "50ms", longest = "500ms", failures = 4 }';
    const world = await createWorkers({ ...PERL, count: 1, lines });
    try {
      await world.workers("start");
      world.behave("die");
      process.kill((await world.pids())[0] ?? 0, "SIGKILL");
      await until("the breaker to open", async () => (await world.set()).trouble?.breakerOpen === true);
      const { state, trouble } = await world.set();
      assert.equal(state, "failing");
      assert.ok((trouble?.deaths ?? 0) >= 4);
      assert.match(trouble?.why ?? "", /ended with code 3/);
      assert.ok(trouble?.lastWords.some((line) => line.includes("cannot load the module of the day")));
      const { stdout, code } = await world.fence("workers", "status");
      assert.match(stdout, /deaths in a row since \d{4}-.*the last one ended with code 3/);
      assert.match(stdout, /the breaker is open/);
      assert.match(stdout, /cannot load the module of the day/);
      assert.equal(code, 3);
      const pauses = [...world.log().matchAll(/"event":"worker-ended".*"nextInMs":(\d+)/g)].map(([, ms]) =>
        Number(ms),
      );
      assert.deepEqual(pauses.slice(0, 4), [50, 100, 200, 500]);
      world.behave("good");
      await untilRuns(world);
      await until("the mended one to have lived", async () => (await world.set()).trouble === null);
    } finally {
      await world.end();
    }
  });

  test("Whoever has mended it need not wait for the next try: start starts all at once", async () => {
    const lines = 'restart = { first = "50ms", longest = "10m", failures = 2 }';
    const world = await createWorkers({ ...PERL, count: 1, lines });
    try {
      await world.workers("start");
      world.behave("die");
      process.kill((await world.pids())[0] ?? 0, "SIGKILL");
      await until("the breaker to open", async () => (await world.set()).trouble?.breakerOpen === true);
      world.behave("good");
      assert.doesNotMatch((await world.workers("start", "app")).stdout, /already/);
      const mended = await world.set();
      assert.deepEqual([mended.state, mended.trouble], ["runs", null]);
    } finally {
      await world.end();
    }
  });
});

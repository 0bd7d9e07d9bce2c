import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { StatusFacts } from "../../src/workers/types.js";
import { assertFails, fence, FENCE, runProgram } from "../cli/run-fence.js";
import { findProgram, needs } from "../support/needs.js";
import {
  createWorkers,
  needsOf,
  startFront,
  superviseInForeground,
  untilRuns,
  type WorkersWorld,
} from "../support/workers.js";
import { loadOn, lostNothing } from "../support/workers-load.js";
import { until } from "../support/world.js";

const PERL = { program: "perl", socket: "unix", front: "nginx" } as const;

interface SiteWorker {
  name: string;
  state: string;
  running: number | null;
  count: number;
  problem: string | null;
}

async function workerOfSite(world: WorkersWorld): Promise<SiteWorker> {
  const { stdout, stderr } = await world.fence("status", "--json");
  const { sites } = JSON.parse(stdout || stderr) as { sites: { worker: SiteWorker }[] };
  assert.ok(sites[0], stderr);
  return sites[0].worker;
}

describe("A supervisor that starts", needsOf(PERL), () => {
  test("Status says so from the first moment, a command is told to wait, and once it has started all is as asked", async () => {
    const world = await createWorkers({ ...PERL, count: 1 });
    const folder = join(world.folder, "run/_workers");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Somebody in the keeper's place who never answers: as far as it comes, it waits.
    const asked: Socket[] = [];
    const mute = createServer((socket) => asked.push(socket)).listen(join(folder, "keeper.sock"));
    const child = superviseInForeground(world);
    try {
      await until("the keeper to be asked", () => asked.length > 0);
      const { stdout, code } = await world.fence("workers", "status", "--json");
      const { supervisor, keeper, sets } = JSON.parse(stdout) as StatusFacts;
      assert.deepEqual(
        { pid: supervisor.pid, ready: supervisor.ready, keeper, sets, code },
        { pid: child.pid, ready: false, keeper: null, sets: [], code: 3 },
      );
      assert.match((await world.fence("workers", "status")).stdout, /^supervisor \d+ .* is starting\n$/);
      assertFails(await world.fence("workers", "graceful"), "workers-busy", 5);
      assert.deepEqual(await workerOfSite(world), {
        name: "app",
        state: "unknown",
        running: null,
        count: 1,
        problem: "the supervisor is starting",
      });
      const gone = new Promise((resolve) => mute.close(resolve));
      for (const socket of asked) socket.destroy();
      await gone;
      await untilRuns(world);
      await until("the supervisor to say so", async () => (await world.status()).supervisor.ready);
    } finally {
      child.kill("SIGTERM");
      await until("the supervisor to end", () => child.exitCode !== null);
      await world.end();
    }
  });
});

describe("fence status of a site that forwards to a worker", needsOf(PERL), () => {
  let world: WorkersWorld;
  before(async () => {
    world = await createWorkers(PERL);
    await world.fence("apply");
    await world.workers("start");
  });
  after(() => world?.end());

  test("It shows how the worker is doing", async () => {
    const runs = { name: "app", state: "runs", running: 2, count: 2, problem: null };
    assert.deepEqual(await workerOfSite(world), runs);
    assert.match((await world.fence("status")).stdout, /^ {2}main: worker app: runs, 2 of 2$/m);
  });

  test("It says unknown, and why, of a supervisor that does not answer, and of one that may not be asked", async () => {
    const { supervisor } = await world.status();
    process.kill(supervisor.pid, "SIGSTOP");
    try {
      const { state, running, problem } = await workerOfSite(world);
      assert.deepEqual([state, running], ["unknown", null]);
      assert.match(problem ?? "", /^the supervisor does not answer within \d+ s$/);
    } finally {
      process.kill(supervisor.pid, "SIGCONT");
    }
    chmodSync(join(world.folder, "fence.toml"), 0o644);
    const other = await fence(["-c", join(world.folder, "fence.toml"), "workers", "status"], {
      uid: 65534,
      gid: 65534,
    });
    assertFails(other, "workers-failed", 77);
    assert.match(other.stderr, /cannot ask on .*admin\.sock \(EACCES\)/);
  });

  test("Without a supervisor it is unknown; processes that serve on are told", async () => {
    const { supervisor } = await world.status();
    process.kill(supervisor.pid, "SIGKILL");
    await until("the supervisor to be gone", async () => (await world.look()) === null);
    const { state, problem } = await workerOfSite(world);
    assert.equal(state, "unknown");
    assert.equal(problem, "no supervisor of workers runs; 2 of its processes serve on");
    assert.match((await world.fence("status")).stdout, /main: worker app: unknown \(no supervisor/);
    await world.workers("start");
    assert.equal((await workerOfSite(world)).state, "runs");
    await world.workers("stop", "app");
    assert.equal((await workerOfSite(world)).state, "stopped");
    await world.workers("stop");
    assert.equal((await workerOfSite(world)).problem, "no supervisor of workers runs");
  });
});

describe("A log that is moved away", needs("root", "nginx", "perl-fcgi", "logrotate"), () => {
  test("logrotate as it is rendered: no request is lost, no line either, and where nothing was moved nothing is done", async () => {
    const world = await createWorkers({ ...PERL, lines: 'log = "app.log"' });
    try {
      await world.workers("start");
      const front = await startFront(world, "nginx");
      const log = join(world.folder, "app.log");
      const before = await world.pids();
      assert.match((await world.workers("logs", "--reopen")).stdout, /no process of app writes to another/);
      assert.deepEqual(await world.pids(), before);
      const load = loadOn(world, { path: "/?sleep=3&say=line" });
      let responses = 0;
      try {
        await until("words in the log", () => readFileSync(log, "utf8").includes("said line"));
        // A spec that changed meanwhile is not put to use by it.
        const specFile = join(world.folder, "fence.toml");
        writeFileSync(specFile, readFileSync(specFile, "utf8").replace("count = 2", "count = 3"));
        await rotate(world);
        await rotate(world);
      } finally {
        responses = await lostNothing(load);
        await front.stop();
      }
      const now = await world.pids();
      assert.equal(now.length, 2);
      assert.ok(now.every((pid) => !before.includes(pid)));
      const texts = [
        readFileSync(log, "utf8"),
        readFileSync(`${log}.1`, "utf8"),
        gunzipSync(readFileSync(`${log}.2.gz`)).toString(),
      ];
      for (const text of texts) assert.match(text, /said line/);
      assert.equal(texts.join("").match(/said line/g)?.length, responses);
      assert.match((await world.workers("logs", "--reopen")).stdout, /no process of app writes to another/);
      assertFails(await world.fence("workers", "status", "--reopen"), "usage", 64);
    } finally {
      await world.end();
    }
  });
});

/** Has the real logrotate run with the config that fence has rendered, linked to as a host links it, for this fence. */
async function rotate({ folder }: WorkersWorld): Promise<void> {
  const config = join(folder, "own.logrotate");
  const rendered = readFileSync(join(folder, "rendered/fence-workers.logrotate"), "utf8");
  writeFileSync(config, rendered.replace(/^ +fence /m, `${process.execPath} ${FENCE} `), { mode: 0o644 });
  const parts = join(folder, "logrotate.d");
  mkdirSync(parts, { recursive: true });
  rmSync(join(parts, "fence-workers"), { force: true });
  symlinkSync(config, join(parts, "fence-workers"));
  const program = findProgram("logrotate") ?? "logrotate";
  const ended = await runProgram(program, ["--force", "--state", join(folder, "logrotate.state"), parts]);
  assert.deepEqual([ended.code, ended.stderr], [0, ""]);
}

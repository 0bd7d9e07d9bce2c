import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { processInfo } from "../../src/base/process-info.js";
import { Keeper } from "../../src/workers/keeper.js";
import type { ExitEvent, Kept, Tags } from "../../src/workers/keeper-types.js";
import { WorkerLog } from "../../src/workers/log.js";
import { until } from "../support/world.js";

const TAGS: Tags = {
  worker: "app",
  generation: 1,
  slot: 0,
  role: "serves",
  heeds: true,
  proven: false,
  restarts: 0,
};

test("A record that cannot be written keeps no worker from its start, and nobody from hearing of its end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-keeper-"));
  const said = new PassThrough({ encoding: "utf8" });
  const ends: ExitEvent["exit"][] = [];
  // As when the disk is full.
  const record = join(folder, "away/keeper.json");
  const keeper = new Keeper(record, ({ exit }) => ends.push(exit), new WorkerLog(said));
  try {
    const wish = { kind: "tcp", address: "127.0.0.1", port: 0, backlog: 8 } as const;
    await keeper.answers.open({ name: "app", wish, replaces: false });
    const kept = (await keeper.answers.spawn({
      id: "app.1",
      command: [process.execPath, "-e", "process.exit(3)"],
      cwd: folder,
      env: {},
      socket: "app",
      socketFd: 0,
      log: join(folder, "app.log"),
      tags: TAGS,
    })) as Kept;
    await until("the end of the worker", () => ends.length > 0);
    assert.deepEqual([ends[0]?.pid, ends[0]?.code], [kept.pid, 3]);
    assert.match(String(said.read()), /"event":"record-not-written"/);
    mkdirSync(join(folder, "away"));
    keeper.answers.note({ name: "app", note: { desired: "stopped", current: null } });
    assert.ok(existsSync(record));
    assert.equal(keeper.answers.end(null), true);
    // Nothing is left that a later keeper could take for its own.
    assert.equal(existsSync(record), false);
  } finally {
    keeper.answers.close({ name: "app" });
    rmSync(folder, { recursive: true, force: true });
  }
});

test("What is left of a process group ends with its first process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-keeper-"));
  const ends: ExitEvent["exit"][] = [];
  const log = new WorkerLog(new PassThrough());
  const keeper = new Keeper(join(folder, "keeper.json"), ({ exit }) => ends.push(exit), log);
  const child = "setInterval(() => {}, 1000)";
  const parent = `const { spawn } = require("node:child_process");
    const left = spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "ignore" });
    left.on("spawn", () => { console.log(left.pid); process.exit(0) });`;
  try {
    const wish = { kind: "tcp", address: "127.0.0.1", port: 0, backlog: 8 } as const;
    await keeper.answers.open({ name: "app", wish, replaces: false });
    const file = join(folder, "app.log");
    const command = [process.execPath, "-e", parent];
    const spawned = {
      id: "app.1",
      command,
      cwd: folder,
      env: {},
      socket: "app",
      socketFd: 0,
      tags: TAGS,
    } as const;
    await keeper.answers.spawn({ ...spawned, log: file });
    await until("the end of the first", () => ends.length > 0);
    const left = Number(readFileSync(file, "utf8"));
    assert.ok(left > 0);
    await until("the end of the other", () => ["Z", "X"].includes(processInfo(left)?.state ?? "X"));
  } finally {
    keeper.answers.close({ name: "app" });
    rmSync(folder, { recursive: true, force: true });
  }
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { processInfo } from "../../src/base/process-info.js";
import { bootId } from "../../src/workers/procfs.js";
import { orphansIn, readRecord } from "../../src/workers/orphans.js";
import type { KeeperRecord } from "../../src/workers/keeper-types.js";
import { inFolder } from "../cli/run-fence.js";
import { until } from "../support/world.js";

/** What a keeper has written down that had one worker. */
function recordOf(pid: number, change: Partial<KeeperRecord> = {}): KeeperRecord {
  const start = processInfo(pid)?.start ?? "";
  const tags = {
    worker: "app",
    generation: 1,
    slot: 0,
    role: "serves",
    heeds: true,
    proven: true,
    restarts: 0,
  } as const;
  const bound = { kind: "tcp", address: "127.0.0.1", port: 1 } as const;
  const kept = { id: "a", pid, start, bound, log: "/none", logFile: "", logFrom: 0, tags };
  // No process has such a pid.
  const keeper = { pid: 2 ** 30, start: "1" };
  return { schema: 1, boot: bootId(), ...keeper, sockets: [], processes: [kept], notes: {}, ...change };
}

/** A process group of its own, as a worker has it. */
async function withProcess(use: (pid: number) => Promise<void> | void): Promise<void> {
  const child = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
  try {
    await use(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
  }
}

test("A worker that its keeper had stopped for a look, when that was killed, goes on", () =>
  withProcess(async (pid) => {
    process.kill(pid, "SIGSTOP");
    await until("it to stop", () => processInfo(pid)?.state === "T");
    const found = await orphansIn(recordOf(pid), process.pid);
    assert.deepEqual(
      found.map((one) => one.pid),
      [pid],
    );
    await until("it to go on", () => processInfo(pid)?.state !== "T");
  }));

test("None is an orphan whose keeper lives, or whose pid is another's by now; a record of another boot is none", () =>
  withProcess((pid) =>
    inFolder(async (folder) => {
      const record = recordOf(pid);
      const { start = "" } = processInfo(process.pid) ?? {};
      assert.deepEqual(await orphansIn({ ...record, pid: process.pid, start }, process.pid), []);
      const others = record.processes.map((one) => ({ ...one, start: "1" }));
      assert.deepEqual(await orphansIn({ ...record, processes: others }, process.pid), []);
      assert.deepEqual(await orphansIn(null, process.pid), []);
      const file = join(folder, "keeper.json");
      writeFileSync(file, JSON.stringify(record));
      assert.deepEqual(readRecord(file), record);
      writeFileSync(file, JSON.stringify({ ...record, boot: "another" }));
      assert.equal(readRecord(file), null);
      writeFileSync(file, "{");
      assert.equal(readRecord(file), null);
    }),
  ));

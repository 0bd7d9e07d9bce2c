import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { switchModes } from "../../src/apply/switch-modes.js";
import { readState } from "../../src/switch/state.js";
import { fakeMachine, planOf, requestOf } from "../support/fake-machine.js";
import { ENDED, TOLD, type ReaderReport, type ReaderTask } from "../support/reader-thread.js";

/** Also of the toggles under load; 100,000 for a release. */
const TOGGLES = Number(process.env["FENCE_TOGGLES"] ?? 2000);
const READERS = 4;
const THREAD = new URL("../support/reader-thread.js", import.meta.url);
/** Of several pages, so that one that was being written would be seen. */
const PAGE = "page ".repeat(4096);
/** In memory: two thousand flushes would be waited for most of the time, while readers see the same. */
const MEMORY = "/dev/shm";

test(`${TOGGLES} switches under ${READERS} readers that never rest: each file is whole, and never older than what was told`, async () => {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "fence-readers-"));
  const threads: Worker[] = [];
  try {
    const plan = planOf(folder);
    const machine = fakeMachine({ page: () => PAGE });
    await switchModes(plan, requestOf("up"), machine);
    const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    const numbers = new Int32Array(shared);
    const files = plan.switchPoints.map(({ active, form }) =>
      form === "file"
        ? { path: active, isStamped: true }
        : { path: join(active, "body.html"), isStamped: false },
    );
    const task: ReaderTask = { files, shared };
    for (let count = 0; count < READERS; count += 1) threads.push(new Worker(THREAD, { workerData: task }));
    const reports = threads.map(async (thread) => (await once(thread, "message"))[0] as ReaderReport);
    await Promise.all(threads.map((thread) => once(thread, "online")));
    for (let toggle = 0; toggle < TOGGLES; toggle += 1) {
      const { exit } = await switchModes(plan, requestOf(toggle % 2 === 0 ? "down" : "up"), machine);
      assert.equal(exit, "ok");
      Atomics.store(numbers, TOLD, readState(plan.spec.stateDir, "main").generation);
    }
    Atomics.store(numbers, ENDED, 1);
    const ended = await Promise.all(reports);
    const sum = (of: "reads" | "early"): number => ended.reduce((total, report) => total + report[of], 0);
    console.log(`# ${TOGGLES} switches, ${sum("reads")} reads, ${sum("early")} of them before it was told`);
    assert.deepEqual(
      ended.flatMap(({ faults }) => faults),
      [],
    );
    for (const { reads } of ended) assert.ok(reads > 0, "a reader has read nothing");
    // Some of them fell inside a switch, or nothing was shown.
    assert.ok(sum("early") > 0);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
    rmSync(folder, { recursive: true, force: true });
  }
});

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test from "node:test";
import { waitUntil } from "../../src/base/clock.js";
import { ageMs, childrenOf, isAlive, endsWithin, processInfo } from "../../src/base/process-info.js";
import { inFolder } from "../cli/run-fence.js";
import { findProgram, needs } from "../support/needs.js";
import { until } from "../support/world.js";

/** Its first thread ends at once, the other never. */
const LEADERLESS = `#include <pthread.h>
#include <unistd.h>
static void *stay(void *none) { for (;;) pause(); return none; }
int main(void) { pthread_t other; pthread_create(&other, 0, stay, 0); pthread_exit(0); }
`;

test("a process is told apart from a later one with the same pid by its start", needs("linux"), async () => {
  const child = spawn("sleep", ["600"]);
  const pid = child.pid ?? 0;
  const info = processInfo(pid);
  assert.ok(info);
  assert.equal(info.parent, process.pid);
  assert.equal(isAlive(pid, info.start), true);
  assert.equal(isAlive(pid, `${info.start}1`), false);
  assert.ok(childrenOf(process.pid).includes(pid));
  child.kill("SIGSTOP");
  assert.ok(
    await waitUntil(() => (processInfo(pid)?.state === "T" ? true : null), {
      timeoutMs: 10_000,
      intervalMs: 5,
    }),
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(isAlive(pid, info.start), false);
  assert.deepEqual(childrenOf(pid), []);
});

test("a process lives until its last thread has ended", needs("gcc", "linux"), () =>
  inFolder(async (folder) => {
    const program = join(folder, "leaderless");
    execFileSync(findProgram("gcc") ?? "gcc", ["-x", "c", "-", "-o", program, "-pthread"], {
      input: LEADERLESS,
    });
    const child = spawn(program, { stdio: "ignore" });
    const pid = child.pid ?? 0;
    try {
      await until("its first thread to end", () => processInfo(pid)?.state === "Z");
      const { start } = processInfo(pid) ?? { start: "" };
      assert.equal(isAlive(pid, start), true);
      assert.equal(await endsWithin(pid, start, 0), false);
      child.kill("SIGKILL");
      assert.equal(await endsWithin(pid, start, 60_000), true);
    } finally {
      child.kill("SIGKILL");
    }
  }),
);

/** Ticks of the system, and how long a process of Node takes until it counts. */
const INEXACT_MS = 500;

test("The age of a process grows as time goes by, whatever the wall clock says", async () => {
  const startOf = (pid: number): string => processInfo(pid)?.start ?? "";
  const own = ageMs(startOf(process.pid));
  assert.ok(Math.abs(own - process.uptime() * 1000) < INEXACT_MS, `${own}`);
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  try {
    const start = startOf(child.pid ?? 0);
    const wall = Date.now;
    const before = performance.now();
    Date.now = () => wall() + 86_400_000;
    try {
      await until("some age", () => ageMs(start) > 300);
      assert.ok(ageMs(start) < performance.now() - before + INEXACT_MS);
    } finally {
      Date.now = wall;
    }
    assert.equal(ageMs(""), 0);
  } finally {
    child.kill("SIGKILL");
  }
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { processInfo } from "../../src/base/process-info.js";
import { ageMs, groupMembers, hasHandler } from "../../src/workers/procfs.js";
import { until } from "../support/world.js";

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

test("What a process does with a signal is known: nothing of its own, a handler, or nothing at all", async () => {
  const script = "trap 'exit 1' TERM; trap '' HUP; echo ready; while :; do sleep 0.1; done";
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    await once(child.stdout, "data");
    const { pid = 0 } = child;
    const known = (["SIGTERM", "SIGHUP", "SIGUSR1"] as const).map((signal) => hasHandler(pid, signal));
    assert.deepEqual(known, [true, true, false]);
  } finally {
    child.kill("SIGKILL");
  }
});

test("The processes of a group are all that it has, and a zombie is none", async () => {
  const child = spawn("sh", ["-c", "sleep 600 & sleep 600 & wait"], { stdio: "ignore", detached: true });
  const group = child.pid ?? 0;
  try {
    await until("three processes", () => groupMembers(group).length === 3);
    assert.ok(groupMembers(group).includes(group));
  } finally {
    process.kill(-group, "SIGKILL");
  }
  await until("none", () => groupMembers(group).length === 0);
});

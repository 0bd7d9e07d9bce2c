import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { groupMembers, hasHandler } from "../../src/workers/procfs.js";
import { until } from "../support/world.js";

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

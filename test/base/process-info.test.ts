import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { waitUntil } from "../../src/base/clock.js";
import { childrenOf, isAlive, processInfo } from "../../src/base/process-info.js";
import { needs } from "../support/needs.js";

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

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { resultOf, until } from "../support/world.js";
import { FENCE, inFolder } from "./run-fence.js";
import { writeSpec } from "./spec-fixture.js";

/** A fence that waits for what never comes. */
async function whileWaiting(use: (child: ReturnType<typeof waiting>) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const child = waiting(writeSpec(folder));
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    try {
      await until("it to wait", () => stderr.includes("waiting until main is down"));
      await use(child);
    } finally {
      child.kill("SIGKILL");
    }
  });
}

const waiting = (spec: string) =>
  spawn(process.execPath, [FENCE, "-c", spec, "wait", "down", "--timeout", "10m"], {
    stdio: ["ignore", "pipe", "pipe"],
  });

test("a signal that comes twice, as from timeout or sudo, is one: what is under way ends in a stated mode", () =>
  whileWaiting(async (child) => {
    const ended = resultOf(child);
    // Of one kind the system would make one of both.
    child.kill("SIGTERM");
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.match(stderr, /stopped by SIG(TERM|INT)\n.*\((terminated|interrupted), exit \d+\)\n$/);
    assert.ok(code === 143 || code === 130, String(code));
  }));

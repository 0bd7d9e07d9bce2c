import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { SwitchResult } from "../../src/apply/types.js";
import { readHistory } from "../../src/switch/history.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { readState } from "../../src/switch/state.js";
import { bundled } from "../support/bundled.js";
import { planOf, temporaryFolder } from "../support/fake-machine.js";

const CHILD = await bundled("switch-child");
const AT_ONCE = 8;
/** FENCE_RACES=1250 makes the 10,000 of a release; each round is eight. */
const ROUNDS = Number(process.env["FENCE_RACES"] ?? 25);

function child(
  folder: string,
  mode: string,
  lockTimeoutMs: number,
): Promise<{ code: number | null; stdout: string }> {
  const started = spawn(process.execPath, [CHILD, folder, mode, "main", String(lockTimeoutMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  started.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  return new Promise((resolve) => started.on("close", (code) => resolve({ code, stdout })));
}

/** The disk, the state and the newest line of the history agree. */
function checkEnd(folder: string, changes: number): void {
  const plan = planOf(folder);
  const { stateDir } = plan.spec;
  const state = readState(stateDir, "main");
  for (const point of plan.switchPoints) {
    assert.deepEqual(readOnDisk(point), { mode: state.mode, generation: state.generation });
  }
  assert.equal(existsSync(join(stateDir, "journal.json")), false);
  const history = readHistory(stateDir, 10_000);
  assert.equal(history.length, changes);
  // Linear: each change begins in the mode that the one before it ended in.
  let [mode, generation] = ["up", 1];
  for (const entry of history.reverse()) {
    const [site] = entry.sites;
    assert.ok(site);
    assert.equal(site.from, mode);
    assert.ok(site.generation > generation, `${site.generation} after ${generation}`);
    [mode, generation] = [site.to, site.generation];
  }
  assert.equal(state.mode, mode);
}

test(`${AT_ONCE} fences at once, ${ROUNDS} times: whoever waits gets its turn, and the history is linear`, async () => {
  const folder = temporaryFolder();
  let changes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const runs = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, n) => child(folder, n % 2 === round % 2 ? "up" : "down", 120_000)),
    );
    for (const { code, stdout } of runs) {
      assert.equal(code, 0, stdout);
      const [site] = (JSON.parse(stdout) as SwitchResult).sites;
      assert.ok(site?.result === "done" || site?.result === "already", stdout);
      if (site.result === "done") changes += 1;
    }
    checkEnd(folder, changes);
  }
});

test("fences that do not wait are refused with the lock's exit code or do their work", async () => {
  const folder = temporaryFolder();
  let changes = 0;
  for (let round = 0; round < 2; round += 1) {
    const runs = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, n) => child(folder, n % 2 === 0 ? "up" : "down", 0)),
    );
    for (const { code, stdout } of runs) {
      assert.ok(code === 0 || code === 5, stdout);
      if (/"to":"(up|down)","result":"done"/.test(stdout)) changes += 1;
    }
    assert.ok(runs.some(({ code }) => code === 0));
    checkEnd(folder, changes);
  }
});

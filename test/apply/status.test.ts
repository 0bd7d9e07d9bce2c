import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { status, unfinished } from "../../src/apply/status.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import { takeLock } from "../../src/switch/lock.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";

test("a site that agrees everywhere has no differences", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const cells = await status(plan, fakeMachine());
  assert.deepEqual(
    cells.map(({ server, differences }) => [server, differences]),
    [
      ["web", []],
      ["edge", []],
    ],
  );
  assert.deepEqual(
    cells.map(({ desired, onDisk, observed }) => [desired.mode, onDisk.mode, observed.mode])[0],
    ["down", "down", "down"],
  );
});

test("status writes nothing, not even a state folder", async () => {
  const folder = temporaryFolder();
  const [cell] = await status(planOf(folder), fakeMachine());
  assert.match(cell?.differences.join() ?? "", /no active variant .*run fence apply/);
  assert.deepEqual(readdirSync(folder), []);
});

test("an edited variant, a server that shows something else and one that is stopped are each told", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const lying = await status(plan, fakeMachine({ observe: (_point, truth) => ({ ...truth, mode: "up" }) }));
  assert.match(
    lying[0]?.differences.join() ?? "",
    /web shows up, generation 2; on disk is down, generation 2/,
  );
  const stopped = await status(plan, fakeMachine({ running: () => "no" }));
  assert.match(stopped[0]?.differences.join() ?? "", /web is not running/);
  writeFileSync(plan.switchPoints[0]?.active ?? "", "edited");
  const edited = await status(plan, fakeMachine());
  assert.match(edited[0]?.differences.join("\n") ?? "", /was edited or is not of fence: run fence down main/);
});

test("a state that cannot be read is told, and the rest of the status with it", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  writeFileSync(join(plan.spec.stateDir, "sites/main.json"), '{"version":2}');
  const [cell] = await status(plan, fakeMachine());
  assert.equal(cell?.onDisk.mode, "down");
  assert.equal(cell?.differences.length, 1);
  assert.match(cell?.differences[0] ?? "", /version 2/);
});

test("an end that has passed is told as expired", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down", ["main"], { untilMs: 5000 }), fakeMachine({ now: () => 1000 }));
  assert.equal((await status(plan, fakeMachine({ now: () => 4999 })))[0]?.expired, false);
  assert.equal((await status(plan, fakeMachine({ now: () => 5000 })))[0]?.expired, true);
  await switchModes(plan, requestOf("up"), fakeMachine({ now: () => 6000 }));
  assert.equal((await status(plan, fakeMachine({ now: () => 7000 })))[0]?.expired, false);
});

test("an unfinished change is told with whoever is at it", async () => {
  const { stateDir } = planOf(temporaryFolder()).spec;
  assert.deepEqual(unfinished(stateDir), { journal: { kind: "none" }, holder: null, run: null });
  mkdirSync(stateDir);
  writeFileSync(join(stateDir, "journal.json"), "torn");
  assert.equal(unfinished(stateDir).journal.kind, "unreadable");
  const lock = await takeLock(stateDir, { timeoutMs: 0, command: "fence down main", since: "now" });
  assert.equal(unfinished(stateDir).holder?.command, "fence down main");
  lock.release();
});

import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ensureActive, type EnsureRequest } from "../../src/apply/ensure-active.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import { generationPath, readOnDisk } from "../../src/switch/on-disk.js";
import { readState } from "../../src/switch/state.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";

const request: EnsureRequest = { scope: "all", lockTimeoutMs: 0, by: "tester", command: "fence apply" };

test("every site without an active variant gets one, up, without proof; a second run keeps it", async () => {
  const plan = planOf(temporaryFolder(), ["main", "shop"]);
  const idle = fakeMachine({ running: () => "no" });
  const result = await ensureActive(plan, idle, { ...request, scope: "create" });
  assert.deepEqual(
    result.sites.map(({ action, mode, generation }) => [action, mode, generation]),
    [
      ["created", "up", 1],
      ["created", "up", 1],
    ],
  );
  for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "up", generation: 1 });
  assert.equal(readState(plan.spec.stateDir, "shop").proof, "staged");
  const again = await ensureActive(plan, idle, request);
  assert.deepEqual(
    again.sites.map(({ action }) => action),
    ["kept", "kept"],
  );
});

test("a server that joins a site that is down goes down in the same generation", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down", ["main"], { message: "m" }), fakeMachine());
  rmSync(join(plan.spec.stateDir, "servers/edge"), { recursive: true });
  const result = await ensureActive(plan, fakeMachine(), request);
  assert.deepEqual(
    result.sites.map(({ action }) => action),
    ["created"],
  );
  for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "down", generation: 2 });
  assert.equal(readState(plan.spec.stateDir, "main").message, "m");
});

test("a changed spec writes a new generation of the same mode, proven; scope create leaves it", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down", ["main"], { message: "m", untilMs: 9 }), fakeMachine());
  const { since } = readState(plan.spec.stateDir, "main");
  const changed = fakeMachine({ page: () => "new page" });
  assert.equal((await ensureActive(plan, changed, { ...request, scope: "create" })).sites[0]?.action, "kept");
  const result = await ensureActive(plan, changed, request);
  assert.deepEqual(
    [result.exit, result.sites[0]?.action, result.sites[0]?.generation],
    ["ok", "rewritten", 3],
  );
  const state = readState(plan.spec.stateDir, "main");
  assert.deepEqual(
    [state.mode, state.message, state.untilMs, state.since, state.proof],
    ["down", "m", 9, since, "proven"],
  );
  assert.equal((await ensureActive(plan, changed, request)).sites[0]?.action, "kept");
});

test("a rewritten variant that is not proven is undone", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const machine = fakeMachine({
    page: () => "broken page",
    observe: (_point, truth) =>
      truth.generation === 3 ? { ...truth, mode: "unknown", problems: ["500"] } : truth,
  });
  const result = await ensureActive(plan, machine, request);
  assert.deepEqual([result.exit, result.sites[0]?.outcome?.result], ["rolledBack", "rolled-back"]);
  for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "down", generation: 2 });
  assert.equal(existsSync(join(plan.spec.stateDir, "journal.json")), false);
});

test("a rewritten variant that the workers could not read is refused before it is in force", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const machine = { ...fakeMachine({ page: () => "new page" }), whyUnreadable: async () => "closed to them" };
  await assert.rejects(ensureActive(plan, machine, request), { code: "variant-unreadable" });
  for (const point of plan.switchPoints) {
    assert.deepEqual(readOnDisk(point), { mode: "down", generation: 2 });
    assert.equal(existsSync(generationPath(point, 3)), false);
  }
});

test("a server that joins a site that is down and has lost its state goes down as well", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  rmSync(join(plan.spec.stateDir, "servers/edge"), { recursive: true });
  rmSync(join(plan.spec.stateDir, "sites/main.json"));
  await ensureActive(plan, fakeMachine(), request);
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "down");
  assert.equal(readState(plan.spec.stateDir, "main").mode, "down");
});

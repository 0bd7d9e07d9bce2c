import assert from "node:assert/strict";
import test from "node:test";
import { status } from "../../src/apply/status.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { HoldRequest, SwitchResult } from "../../src/apply/types.js";
import { FenceError } from "../../src/base/errors.js";
import type { Plan } from "../../src/plan/types.js";
import { readHistory } from "../../src/switch/history.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { readState } from "../../src/switch/state.js";
import type { Traffic } from "../../src/verify/types.js";
import { fakeMachine, planOf, requestOf, temporaryFolder, type Lies } from "../support/fake-machine.js";

const START = Date.UTC(2026, 10, 25, 14, 0, 0, 500);

const asked = (rest: Partial<HoldRequest> = {}): { hold: HoldRequest } => ({
  hold: { maxWaitMs: null, maxHeld: null, forMs: null, drainTimeoutMs: 200, ...rest },
});
const traffic = (inflight: number | null, held = 0): Traffic => ({
  running: "yes",
  inflight,
  held: { count: held, oldestMs: held > 0 ? 10 : null },
  problem: null,
});

function hold(plan: Plan, lies: Lies = {}, rest: Partial<HoldRequest> = {}): Promise<SwitchResult> {
  return switchModes(
    plan,
    requestOf("hold", ["main"], asked(rest)),
    fakeMachine({ now: () => START, ...lies }),
  );
}

test("a hold is proven, drained, and carries its bounds from the spec and its end in whole seconds", async () => {
  const plan = planOf(temporaryFolder());
  const left = [3, 3, 1];
  const result = await hold(plan, { traffic: async () => traffic(left.shift() ?? 0) });
  assert.equal(result.exit, "ok");
  assert.equal(left.length, 0, "it was asked until nothing was left");
  assert.deepEqual([result.sites[0]?.to, result.sites[0]?.result], ["hold", "done"]);
  const end = Date.UTC(2026, 10, 25, 14, 1, 1);
  assert.equal(result.sites[0]?.expiresMs, end);
  const state = readState(plan.spec.stateDir, "main");
  assert.equal(state.mode, "hold");
  assert.deepEqual(state.hold, {
    maxWaitMs: 30_000,
    maxHeld: 1024,
    maxHeldPerClient: 32,
    maxBodyBytes: 65_536,
    releaseConcurrency: 64,
    expiresMs: end,
    onExpiry: "down",
  });
  assert.ok((readHistory(plan.spec.stateDir, 1)[0]?.steps["drain"] ?? -1) >= 0);
});

test("what is at the backends at the deadline is told, and the site stays held", async () => {
  const plan = planOf(temporaryFolder());
  const result = await hold(plan, { traffic: async (point) => traffic(point.server === "web" ? 2 : 0) });
  assert.deepEqual([result.exit, result.sites[0]?.result], ["unproven", "not-drained"]);
  assert.match(
    result.sites[0]?.problems[0] ?? "",
    /^2 requests are still at the backends; gave up after 0.2 s$/,
  );
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "hold");
  assert.equal(readState(plan.spec.stateDir, "main").proof, "proven");
});

test("a server that does not count is never taken for drained", async () => {
  const plan = planOf(temporaryFolder());
  for (const seen of [traffic(null), { ...traffic(0), problem: "socket broke" }]) {
    const result = await hold(plan, { traffic: async () => seen });
    assert.deepEqual([result.exit, result.sites[0]?.result], ["unproven", "not-drained"]);
    assert.match(result.sites[0]?.problems[0] ?? "", /^it cannot be told/);
  }
});

test("a hold that is in force stays as it is, and ends later only when that is asked for", async () => {
  const plan = planOf(temporaryFolder());
  await hold(plan, {}, { maxWaitMs: 5000 });
  const later = START + 10_000;
  const again = await hold(plan, { now: () => later });
  assert.deepEqual([again.sites[0]?.result, again.sites[0]?.generation], ["already", 2]);
  const longer = await hold(plan, { now: () => later }, { forMs: 60_000 });
  assert.equal(longer.sites[0]?.generation, 3);
  const { hold: values } = readState(plan.spec.stateDir, "main");
  assert.deepEqual([values?.maxWaitMs, values?.expiresMs], [5000, later + 60_500]);
});

test("a hold that has expired is told as what it came to, and can be asked for anew", async () => {
  const plan = planOf(temporaryFolder());
  await hold(plan);
  const over = START + 62_000;
  const lies: Lies = {
    now: () => over,
    observe: (_point, truth) => (truth.generation === 2 ? { ...truth, mode: "down" } : truth),
  };
  for (const cell of await status(plan, fakeMachine(lies))) {
    assert.deepEqual([cell.mode, cell.expired, cell.differences], ["down", true, []]);
  }
  const anew = await hold(plan, lies);
  assert.deepEqual([anew.exit, anew.sites[0]?.result, anew.sites[0]?.generation], ["ok", "done", 3]);
});

test("a hold that cannot be proven is undone", async () => {
  const plan = planOf(temporaryFolder());
  const result = await hold(plan, {
    observe: (point, truth) =>
      point.server === "edge" && truth.mode === "hold" ? { ...truth, mode: "up" } : truth,
  });
  assert.deepEqual([result.exit, result.sites[0]?.result], ["rolledBack", "rolled-back"]);
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "up");
  assert.equal(readState(plan.spec.stateDir, "main").hold, null);
});

test("a release waits until nobody waits any more, and says so when it gives up", async () => {
  const plan = planOf(temporaryFolder());
  await hold(plan);
  const held = [3, 2, 2, 1];
  const lies: Lies = { now: () => START, traffic: async () => traffic(5, held.shift() ?? 0) };
  const up = await switchModes(plan, requestOf("up", ["main"], asked()), fakeMachine(lies));
  assert.deepEqual([up.exit, up.sites[0]?.result, held.length], ["ok", "done", 0]);
  await hold(plan);
  const stuck = fakeMachine({ now: () => START, traffic: async () => traffic(0, 7) });
  const result = await switchModes(plan, requestOf("up", ["main"], asked()), stuck);
  assert.deepEqual([result.exit, result.sites[0]?.result], ["unproven", "not-drained"]);
  assert.match(result.sites[0]?.problems[0] ?? "", /^14 requests are still waiting/);
  assert.equal(readState(plan.spec.stateDir, "main").mode, "up");
});

test("Ctrl-C while it drains leaves the site held, and says so", async () => {
  const plan = planOf(temporaryFolder());
  const stop = new AbortController();
  const machine = fakeMachine({
    now: () => START,
    traffic: async () => {
      stop.abort(new FenceError("interrupted", "stopped by SIGINT"));
      return traffic(1);
    },
  });
  const request = requestOf("hold", ["main"], asked({ drainTimeoutMs: 60_000 }));
  const result = await switchModes(plan, request, machine, { signal: stop.signal });
  assert.equal(result.exit, "interrupted");
  assert.match(
    result.sites[0]?.problems[0] ?? "",
    /^2 requests are still at the backends; the wait was stopped$/,
  );
  assert.equal(readState(plan.spec.stateDir, "main").mode, "hold");
});

test("a server that cannot hold refuses before anything is changed", async () => {
  const plan = planOf(temporaryFolder());
  await assert.rejects(
    hold(plan, { modes: ["up", "down"] }),
    (error) => error instanceof FenceError && error.code === "mode-unsupported" && error.exit === "failed",
  );
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, null);
});

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { Machine } from "../../src/apply/machine.js";
import type { StepEvent } from "../../src/apply/types.js";
import { FenceError } from "../../src/base/errors.js";
import { readHistory } from "../../src/switch/history.js";
import { readJournal } from "../../src/switch/journal.js";
import { generationPath, readOnDisk } from "../../src/switch/on-disk.js";
import { readState } from "../../src/switch/state.js";
import type { Observation } from "../../src/verify/types.js";
import { fakeMachine, planOf, requestOf, temporaryFolder, type Lies } from "../support/fake-machine.js";

/** Each is one way in which a server does not follow a switch to down. */
const LIES: Readonly<Record<string, NonNullable<Lies["observe"]>>> = {
  "the old mode": (_point, truth) => (truth.mode === "down" ? { ...truth, mode: "up" } : truth),
  "the old generation": (_point, truth) =>
    truth.mode === "down" ? { ...truth, generation: (truth.generation ?? 1) - 1 } : truth,
  "no generation": (_point, truth) => (truth.mode === "down" ? { ...truth, generation: null } : truth),
  "an unknown mode": (_point, truth) => (truth.mode === "down" ? { ...truth, mode: "unknown" } : truth),
  "a worker that has not answered": (_point, truth) =>
    truth.mode === "down" ? { ...truth, problems: ["worker 7 has not answered"] } : truth,
  "one server of two that stays": (point, truth) =>
    truth.mode === "down" && point.server === "edge" ? { ...truth, mode: "up" } : truth,
  "flapping answers": flapping(),
  "an exception in the look": (_point, truth) => {
    if (truth.mode === "down") throw new Error("socket broke");
    return truth;
  },
};

const stuck = LIES["the old mode"] as NonNullable<Lies["observe"]>;

function flapping(): NonNullable<Lies["observe"]> {
  let look = 0;
  return (_point, truth) => {
    look += 1;
    return truth.mode === "down" && look % 2 === 0 ? { ...truth, mode: "up" } : truth;
  };
}

for (const [name, observe] of Object.entries(LIES)) {
  test(`${name}: the switch is undone, the old mode proven, exit rolled back`, async () => {
    const plan = planOf(temporaryFolder());
    await switchModes(plan, requestOf("up"), fakeMachine());
    const result = await switchModes(plan, requestOf("down"), fakeMachine({ observe }));
    assert.deepEqual([result.exit, result.sites[0]?.result], ["rolledBack", "rolled-back"]);
    assert.ok((result.sites[0]?.problems.length ?? 0) > 0);
    for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "up", generation: 2 });
    const state = readState(plan.spec.stateDir, "main");
    assert.deepEqual(
      [state.mode, state.generation, state.lastGeneration, state.proof],
      ["up", 2, 3, "proven"],
    );
    assert.equal(existsSync(join(plan.spec.stateDir, "journal.json")), false);
    assert.equal(readHistory(plan.spec.stateDir, 1)[0]?.exit, "rolledBack");
  });
}

test("the generation of a switch that was undone is never used again", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  await switchModes(plan, requestOf("down"), fakeMachine({ observe: stuck }));
  const result = await switchModes(plan, requestOf("down"), fakeMachine());
  assert.deepEqual([result.exit, result.sites[0]?.generation], ["ok", 4]);
});

test("the very first switch is undone to up", async () => {
  const plan = planOf(temporaryFolder());
  const result = await switchModes(plan, requestOf("down"), fakeMachine({ observe: stuck }));
  assert.equal(result.exit, "rolledBack");
  for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "up", generation: 1 });
});

test("when the old mode is not proven either, it is loud and exit unproven", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const dead = (_point: unknown, truth: Observation): Observation => ({
    ...truth,
    mode: "unknown",
    problems: ["connection refused"],
  });
  const result = await switchModes(plan, requestOf("down"), fakeMachine({ observe: dead }));
  assert.deepEqual([result.exit, result.sites[0]?.result], ["unproven", "failed"]);
  assert.match(
    result.sites[0]?.problems.join("\n") ?? "",
    /NOT PROVEN: up is back on disk .*web has up, generation 2 in /,
  );
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "up");
  assert.equal(readState(plan.spec.stateDir, "main").proof, "unproven");
});

test("when the old variant cannot be put back, it is loud, and the next command puts it back", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const [file] = plan.switchPoints;
  assert.ok(file);
  const old = generationPath(file, 2);
  const content = readFileSync(old, "utf8");
  const observe: NonNullable<Lies["observe"]> = (_point, truth) => {
    rmSync(old, { force: true });
    return truth.mode === "down" ? { ...truth, mode: "up" } : truth;
  };
  const result = await switchModes(plan, requestOf("down"), fakeMachine({ observe }));
  assert.deepEqual([result.exit, result.sites[0]?.result], ["unproven", "failed"]);
  assert.match(result.sites[0]?.problems.join("\n") ?? "", /NOT UNDONE: web has down, generation 3 in /);
  assert.equal(readJournal(plan.spec.stateDir)?.direction, "undo");
  writeFileSync(old, content);
  const next = await switchModes(plan, requestOf("up"), fakeMachine());
  assert.deepEqual([next.exit, next.sites[0]?.result, next.sites[0]?.generation], ["ok", "already", 2]);
  for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "up", generation: 2 });
});

test("one of two sites that does not follow is undone alone: exit partial", async () => {
  const plan = planOf(temporaryFolder(), ["main", "shop"]);
  await switchModes(plan, requestOf("up", ["main", "shop"]), fakeMachine());
  const observe: NonNullable<Lies["observe"]> = (point, truth) =>
    point.site === "shop" && truth.mode === "down" ? { ...truth, mode: "up" } : truth;
  const result = await switchModes(plan, requestOf("down", ["main", "shop"]), fakeMachine({ observe }));
  assert.equal(result.exit, "partial");
  assert.deepEqual(
    result.sites.map((site) => site.result),
    ["done", "rolled-back"],
  );
  for (const point of plan.switchPoints)
    assert.equal(readOnDisk(point).mode, point.site === "main" ? "down" : "up");
  assert.equal(readState(plan.spec.stateDir, "main").mode, "down");
  assert.equal(readState(plan.spec.stateDir, "shop").mode, "up");
});

test("one of two sites that can be neither switched nor proven back is graver than partial", async () => {
  const plan = planOf(temporaryFolder(), ["main", "shop"]);
  await switchModes(plan, requestOf("up", ["main", "shop"]), fakeMachine());
  const observe: NonNullable<Lies["observe"]> = (point, truth) =>
    point.site === "shop" ? { ...truth, mode: "unknown" } : truth;
  const result = await switchModes(plan, requestOf("down", ["main", "shop"]), fakeMachine({ observe }));
  assert.equal(result.exit, "unproven");
  assert.deepEqual(
    result.sites.map((site) => site.result),
    ["done", "failed"],
  );
});

test("a server that stops during the proof leads back to the old mode on the others", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  let isStopped = false;
  const machine: Machine = fakeMachine({
    running: (server) => (isStopped && server === "edge" ? "no" : "yes"),
    observe(point, truth) {
      if (point.server === "edge") isStopped = true;
      return isStopped && point.server === "edge"
        ? { ...truth, running: "no", mode: "unknown", problems: ["gone"] }
        : truth;
    },
  });
  const result = await switchModes(plan, requestOf("down"), machine);
  assert.deepEqual([result.exit, result.sites[0]?.result], ["rolledBack", "rolled-back"]);
  assert.equal(readState(plan.spec.stateDir, "main").proof, "staged");
  const results = result.sites[0]?.servers.map((server) => server.result);
  assert.deepEqual(results, ["undone", "staged"], "nobody has seen the old mode on a server that stopped");
  assert.match(
    result.sites[0]?.problems.join("\n") ?? "",
    /edge is not running: up takes effect when it starts/,
  );
});

test("where it cannot be told whether a server runs, nothing is changed, but for --no-wait", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const machine = fakeMachine({ running: (server) => (server === "edge" ? "unknown" : "yes") });
  await assert.rejects(switchModes(plan, requestOf("down"), machine), { code: "server-not-running" });
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "up");
  const blind = await switchModes(plan, requestOf("down", ["main"], { wait: false }), machine);
  assert.equal(blind.sites[0]?.result, "unproven");
});

test("a signal during the undo still ends in the old mode", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const controller = new AbortController();
  const onStep = (event: StepEvent): void => {
    if (event.step === "undo") controller.abort(new FenceError("terminated", "signal"));
  };
  const observe: NonNullable<Lies["observe"]> = (_point, truth) => ({ ...truth, mode: "unknown" });
  const result = await switchModes(plan, requestOf("down"), fakeMachine({ observe }), {
    onStep,
    signal: controller.signal,
  });
  assert.equal(result.exit, "terminated");
  assert.match(
    result.sites[0]?.problems.join("\n") ?? "",
    /up is back on disk; the wait for its proof was stopped/,
  );
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "up");
});

test("a history that cannot be written does not stop a switch", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const history = join(plan.spec.stateDir, "history.ndjson");
  const machine = fakeMachine({
    observe(_point, truth) {
      // Under root no mode keeps a writer out; a folder in its place does.
      rmSync(history, { recursive: true, force: true });
      mkdirSync(history);
      return truth;
    },
  });
  const result = await switchModes(plan, requestOf("down"), machine);
  assert.equal(result.exit, "ok");
});

test("a gate that cannot be told to end leaves the sites switched: exit unproven", async () => {
  const plan = planOf(temporaryFolder());
  const [point] = plan.switchPoints;
  assert.ok(point);
  const gated = { ...plan, gatePoints: [{ ...point, server: "gate", kind: "gate" as const }] };
  const machine = { ...fakeMachine(), stopGate: () => Promise.reject(new Error("it cannot be listed")) };
  const told: StepEvent[] = [];
  const { exit, sites } = await switchModes(gated, requestOf("down"), machine, {
    onStep: (event) => told.push(event),
  });
  assert.deepEqual([exit, sites[0]?.result], ["unproven", "done"]);
  assert.equal(readOnDisk(point).mode, "down");
  assert.ok(told.some(({ step, text }) => step === "gate" && text.includes("it cannot be listed")));
});

import assert from "node:assert/strict";
import { chownSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { OnStep } from "../../src/apply/steps.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { StepEvent } from "../../src/apply/types.js";
import type { Observation } from "../../src/verify/types.js";
import { writeTree } from "../../src/apply/render-tree.js";
import { FenceError } from "../../src/base/errors.js";
import { readHistory } from "../../src/switch/history.js";
import { generationsOf, readOnDisk } from "../../src/switch/on-disk.js";
import { readState } from "../../src/switch/state.js";
import { takeLock } from "../../src/switch/lock.js";
import { fakeMachine, planOf, requestOf, temporaryFolder, type Lies } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";

test("the first switch of a site brings it down in one generation on every server, proven and recorded", async () => {
  const plan = planOf(temporaryFolder());
  const result = await switchModes(plan, requestOf("down", ["main"], { reason: "upgrade" }), fakeMachine());
  assert.equal(result.exit, "ok");
  const [site] = result.sites;
  assert.deepEqual([site?.from, site?.to, site?.result, site?.generation], ["up", "down", "done", 2]);
  for (const point of plan.switchPoints) assert.deepEqual(readOnDisk(point), { mode: "down", generation: 2 });
  const state = readState(plan.spec.stateDir, "main");
  assert.deepEqual(
    [state.mode, state.generation, state.proof, state.reason],
    ["down", 2, "proven", "upgrade"],
  );
  assert.equal(existsSync(join(plan.spec.stateDir, "journal.json")), false);
  const [entry] = readHistory(plan.spec.stateDir, 1);
  assert.deepEqual(
    [entry?.by, entry?.why, entry?.exit, entry?.sites[0]?.result],
    ["tester", "upgrade", "ok", "done"],
  );
  for (const step of ["lock", "stage", "journal", "commit", "settle"])
    assert.ok((entry?.steps[step] ?? -1) >= 0, step);
});

test("the steps are told in the order of the contract", async () => {
  const plan = planOf(temporaryFolder());
  const events: StepEvent[] = [];
  await switchModes(plan, requestOf("down"), fakeMachine(), { onStep: (event) => events.push(event) });
  const order = [...new Set(events.map((event) => event.step))];
  assert.deepEqual(order, ["lock", "stage", "check", "journal", "commit", "settle", "proof", "done"]);
  const elapsed = events.map((event) => event.elapsedMs);
  assert.deepEqual(
    elapsed,
    [...elapsed].sort((a, b) => a - b),
  );
});

test("a mode that is already in force changes nothing", async () => {
  const plan = planOf(temporaryFolder());
  const first = await switchModes(plan, requestOf("down", ["main"], { reason: "x" }), fakeMachine());
  const again = await switchModes(plan, requestOf("down"), fakeMachine());
  assert.deepEqual([again.exit, again.sites[0]?.result, again.sites[0]?.generation], ["ok", "already", 2]);
  assert.equal(again.sites[0]?.since, first.sites[0]?.since);
  assert.equal(readHistory(plan.spec.stateDir, 9).length, 1);
});

test("a site that another fence has switched by the time the lock is taken is left alone where that is asked for", async () => {
  const plan = planOf(temporaryFolder(), ["main", "shop"]);
  const machine = fakeMachine();
  await switchModes(plan, requestOf("down", ["main", "shop"]), machine);
  const onlyAt = new Map([
    ["main", 2],
    ["shop", 2],
  ]);
  await switchModes(plan, requestOf("down", ["main"], { message: "another hour" }), machine);
  const result = await switchModes(plan, requestOf("up", ["main", "shop"], { onlyAt }), machine);
  assert.deepEqual([result.exit, result.sites.map(({ site }) => site)], ["ok", ["shop"]]);
  assert.equal(readState(plan.spec.stateDir, "main").mode, "down");
  assert.equal(readState(plan.spec.stateDir, "shop").mode, "up");
  const none = await switchModes(plan, requestOf("up", ["main"], { onlyAt }), machine);
  assert.deepEqual([none.exit, none.sites], ["ok", []]);
});

test("another message, reason or end is a switch of its own, and keeps since and what was not named", async () => {
  const plan = planOf(temporaryFolder());
  let now = 1_000_000;
  const machine = fakeMachine({ now: () => (now += 1000) });
  await switchModes(plan, requestOf("down", ["main"], { untilMs: 5000, reason: "r" }), machine);
  const { since } = readState(plan.spec.stateDir, "main");
  const result = await switchModes(plan, requestOf("down", ["main"], { message: "new" }), machine);
  assert.deepEqual([result.sites[0]?.result, result.sites[0]?.generation], ["done", 3]);
  const state = readState(plan.spec.stateDir, "main");
  assert.deepEqual([state.message, state.reason, state.untilMs, state.since], ["new", "r", 5000, since]);
});

test("already on disk but served otherwise is switched again", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const machine = fakeMachine({
    observe: (point, truth) =>
      truth.generation === 2 && point.server === "edge" ? { ...truth, mode: "up" } : truth,
  });
  const result = await switchModes(plan, requestOf("down"), machine);
  assert.deepEqual([result.exit, result.sites[0]?.result, result.sites[0]?.generation], ["ok", "done", 3]);
});

test("a look that came to nothing is no reason to switch again: it is proven anew", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  let looks = 0;
  const machine = fakeMachine({
    observe: (_point, truth) =>
      (looks += 1) === 1 ? { ...truth, mode: "unknown", generation: null } : truth,
  });
  const again = await switchModes(plan, requestOf("down"), machine);
  assert.ok(looks > 1);
  assert.deepEqual([again.exit, again.sites[0]?.result, again.sites[0]?.generation], ["ok", "already", 2]);
});

test("an active variant that was edited by hand is replaced", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const [file] = plan.switchPoints;
  assert.ok(file);
  writeFileSync(file.active, "return 200");
  const result = await switchModes(plan, requestOf("down"), fakeMachine());
  assert.deepEqual([result.sites[0]?.from, result.sites[0]?.result], ["unknown", "done"]);
  assert.deepEqual(readOnDisk(file), { mode: "down", generation: 3 });
});

test("a lost state file is made up for by the active variants, and no generation is used twice", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  rmSync(join(plan.spec.stateDir, "sites"), { recursive: true });
  const result = await switchModes(plan, requestOf("up"), fakeMachine());
  assert.deepEqual([result.sites[0]?.from, result.sites[0]?.generation], ["down", 3]);
});

test("a lost active variant is made anew by the next switch", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  for (const point of plan.switchPoints) rmSync(point.active);
  const result = await switchModes(plan, requestOf("down"), fakeMachine());
  assert.deepEqual([result.exit, result.sites[0]?.result, result.sites[0]?.generation], ["ok", "done", 3]);
});

test("a server that is not running is staged, and the site is staged when none runs", async () => {
  const plan = planOf(temporaryFolder());
  const one = await switchModes(
    plan,
    requestOf("down"),
    fakeMachine({ running: (server) => (server === "web" ? "no" : "yes") }),
  );
  assert.deepEqual([one.exit, one.sites[0]?.result], ["ok", "done"]);
  assert.deepEqual(
    one.sites[0]?.servers.map(({ result }) => result),
    ["staged", "done"],
  );
  assert.equal(readState(plan.spec.stateDir, "main").proof, "staged");
  const none = await switchModes(plan, requestOf("up"), fakeMachine({ running: () => "no" }));
  assert.deepEqual([none.exit, none.sites[0]?.result], ["ok", "staged"]);
});

test("with if-not-running=fail nothing is changed", async () => {
  const plan = planOf(temporaryFolder());
  const request = requestOf("down", ["main"], { ifNotRunning: "fail" });
  await assert.rejects(switchModes(plan, request, fakeMachine({ running: () => "no" })), {
    code: "server-not-running",
  });
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, null);
});

test("without waiting the switch is unproven, said so, and exit ok; the next one proves it", async () => {
  const plan = planOf(temporaryFolder());
  const result = await switchModes(plan, requestOf("down", ["main"], { wait: false }), fakeMachine());
  assert.deepEqual([result.exit, result.sites[0]?.result], ["ok", "unproven"]);
  assert.equal(readState(plan.spec.stateDir, "main").proof, "unproven");
  const again = await switchModes(plan, requestOf("down"), fakeMachine());
  assert.deepEqual([again.sites[0]?.result, again.sites[0]?.generation], ["already", 2]);
  assert.equal(readState(plan.spec.stateDir, "main").proof, "proven");
});

test("a dry run tells what would be done and writes nothing", async () => {
  const folder = temporaryFolder();
  const plan = planOf(folder);
  const events: StepEvent[] = [];
  const request = requestOf("down", ["main"], { dryRun: true });
  const result = await switchModes(plan, request, fakeMachine(), { onStep: (event) => events.push(event) });
  assert.deepEqual([result.exit, result.sites[0]?.result, result.sites[0]?.generation], ["ok", "dry-run", 2]);
  assert.equal(
    events.filter(({ text }) => text.startsWith("would put generation 2 (down) in force")).length,
    2,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test(
  "a config on disk that others could have written is not tested: a test can run programs",
  needs("root"),
  async () => {
    const plan = planOf(temporaryFolder());
    const file = { path: "web/lighttpd.conf", executable: false, wiring: true };
    writeTree(
      plan.spec.outputDir,
      { digest: "a".repeat(64), files: [{ ...file, content: "old" }] },
      "s",
      "0",
    );
    const tree = { digest: "b".repeat(64), files: [{ ...file, content: "new" }] };
    let tests = 0;
    const configTest: Lies["configTest"] = () => {
      tests += 1;
      return Promise.resolve({ result: "passed", output: "", command: "" });
    };
    const texts: string[] = [];
    const options = { onStep: ({ text }: StepEvent) => texts.push(text) };
    await switchModes(plan, requestOf("down"), fakeMachine({ tree, configTest }), options);
    assert.equal(tests, 1);
    chownSync(join(plan.spec.outputDir, file.path), 65534, 65534);
    await switchModes(plan, requestOf("up"), fakeMachine({ tree, configTest }), options);
    assert.equal(tests, 1);
    assert.ok(
      texts.some((text) => /is not tested: .*lighttpd.conf belongs to user 65534/.test(text)),
      texts.join("\n"),
    );
  },
);

test("a config on disk that the server refuses keeps no site down: up warns and goes on", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const file = { path: "web/lighttpd.conf", executable: false, wiring: true };
  writeTree(plan.spec.outputDir, { digest: "a".repeat(64), files: [{ ...file, content: "old" }] }, "s", "0");
  const machine = fakeMachine({
    tree: { digest: "b".repeat(64), files: [{ ...file, content: "new" }] },
    configTest: async () => ({ result: "failed", output: "line 1: no", command: "web -t" }),
  });
  const texts: string[] = [];
  const result = await switchModes(plan, requestOf("up"), machine, {
    onStep: ({ text }) => texts.push(text),
  });
  assert.deepEqual([result.exit, result.sites[0]?.result], ["ok", "done"]);
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "up");
  assert.ok(
    texts.some((text) => /^warning: web refuses the config on disk .*line 1: no/.test(text)),
    texts.join("\n"),
  );
});

test("a config on disk that the server refuses stops the switch before anything is changed", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const before = plan.switchPoints.map((point) => generationsOf(point));
  const file = { path: "web/lighttpd.conf", executable: false, wiring: true };
  writeTree(plan.spec.outputDir, { digest: "a".repeat(64), files: [{ ...file, content: "old" }] }, "s", "0");
  const tree = { digest: "b".repeat(64), files: [{ ...file, content: "new" }] };
  for (const [result, code] of [
    ["failed", "config-test-failed"],
    ["hung", "config-test-hung"],
  ] as const) {
    const machine = fakeMachine({
      tree,
      configTest: async () => ({ result, output: "line 1: no", command: "web -t" }),
    });
    await assert.rejects(switchModes(plan, requestOf("down"), machine), (error: FenceError) => {
      assert.equal(error.code, code);
      assert.match(error.message, /line 1: no/);
      return true;
    });
    assert.deepEqual(
      plan.switchPoints.map((point) => generationsOf(point)),
      before,
    );
  }
  const events: StepEvent[] = [];
  const result = await switchModes(plan, requestOf("down"), fakeMachine({ tree }), {
    onStep: (event) => events.push(event),
  });
  assert.equal(result.exit, "ok");
  assert.ok(events.some(({ step, text }) => step === "check" && text.startsWith("warning:")));

  const blind = fakeMachine({ tree, observe: (_point, truth) => ({ ...truth, mode: "unknown" }) });
  const failed = await switchModes(plan, requestOf("up"), blind);
  assert.match(
    failed.sites[0]?.problems.at(-1) ?? "",
    /^the config of web on disk .*: fence apply --reload first$/,
  );
});

test("a site whose very first switch is undone is up since then", async () => {
  const plan = planOf(temporaryFolder());
  const observe = (_point: unknown, truth: Observation): Observation =>
    truth.mode === "down" ? { ...truth, mode: "unknown" } : truth;
  const began = Date.now();
  const result = await switchModes(plan, requestOf("down"), fakeMachine({ observe }));
  assert.equal(result.exit, "rolledBack");
  assert.ok(Date.parse(readState(plan.spec.stateDir, "main").since) >= began);
});

test("a held lock is told, and nothing is changed", async () => {
  const plan = planOf(temporaryFolder());
  const lock = await takeLock(plan.spec.stateDir, { timeoutMs: 0, command: "fence up", since: "now" });
  await assert.rejects(switchModes(plan, requestOf("down"), fakeMachine()), { code: "lock-held" });
  lock.release();
  assert.equal((await switchModes(plan, requestOf("down"), fakeMachine())).exit, "ok");
});

test("a signal before the commit changes nothing", async () => {
  for (const [code, step] of [
    ["interrupted", "lock"],
    ["terminated", "stage"],
    ["interrupted", "check"],
  ] as const) {
    const plan = planOf(temporaryFolder());
    const controller = new AbortController();
    const onStep = (event: StepEvent): void => {
      if (event.step === step) controller.abort(new FenceError(code, "signal"));
    };
    await assert.rejects(
      switchModes(plan, requestOf("down"), fakeMachine(), { onStep, signal: controller.signal }),
      { code },
    );
    for (const point of plan.switchPoints) {
      assert.equal(readOnDisk(point).mode, null);
      assert.deepEqual(generationsOf(point), []);
    }
    assert.equal(existsSync(join(plan.spec.stateDir, "journal.json")), false);
  }
});

test("a signal during the proof keeps the new mode, unproven, and says so", async () => {
  for (const [code, exit] of [
    ["interrupted", "interrupted"],
    ["terminated", "terminated"],
  ] as const) {
    const plan = planOf(temporaryFolder());
    const controller = new AbortController();
    const machine = fakeMachine({
      observe(_point, truth) {
        controller.abort(new FenceError(code, "signal"));
        return { ...truth, mode: "up" };
      },
    });
    const request = requestOf("down", ["main"], { timeoutMs: 60_000 });
    const result = await switchModes(plan, request, machine, { signal: controller.signal });
    assert.deepEqual([result.exit, result.sites[0]?.result], [exit, "unproven"]);
    for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "down");
    assert.equal(readState(plan.spec.stateDir, "main").proof, "unproven");
    assert.equal(existsSync(join(plan.spec.stateDir, "journal.json")), false);
  }
});

test("done is not said before the settle delay is over", async () => {
  const plan = planOf(temporaryFolder());
  const result = await switchModes(
    plan,
    requestOf("down", ["main"], { settleMs: 150, timeoutMs: 5000 }),
    fakeMachine(),
  );
  assert.equal(result.exit, "ok");
  assert.ok(result.tookMs >= 150, String(result.tookMs));
});

test("an unreadable journal or one of a newer fence stops every change, with what to do", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine());
  const path = join(plan.spec.stateDir, "journal.json");
  writeFileSync(path, '{"version":1,');
  await assert.rejects(switchModes(plan, requestOf("up"), fakeMachine()), { code: "journal-unreadable" });
  writeFileSync(path, '{"version":9}');
  await assert.rejects(switchModes(plan, requestOf("up"), fakeMachine()), { code: "state-unknown-version" });
  assert.equal(readFileSync(path, "utf8"), '{"version":9}');
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, "down");
});

test("a damaged state file keeps no site down: it is told and written anew", async () => {
  for (const mode of ["up", "down"] as const) {
    const plan = planOf(temporaryFolder());
    await switchModes(plan, requestOf("down"), fakeMachine());
    writeFileSync(join(plan.spec.stateDir, "sites/main.json"), '{"version":1,"mo');
    const told: string[] = [];
    const onStep: OnStep = ({ text }) => void told.push(text);
    const result = await switchModes(plan, requestOf(mode), fakeMachine(), { onStep });
    assert.deepEqual([result.exit, result.sites[0]?.result], ["ok", "done"]);
    assert.ok(
      told.some((text) => /warning: cannot read .*main\.json/.test(text)),
      told.join("\n"),
    );
    const state = readState(plan.spec.stateDir, "main");
    assert.deepEqual([state.mode, state.proof], [mode, "proven"]);
    assert.ok(state.generation > 2, "the generations on disk are not given out again");
  }
});

test("what was staged for a server that was not running is proven by more than one look once it runs", async () => {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("down"), fakeMachine({ running: () => "no" }));
  assert.equal(readState(plan.spec.stateDir, "main").proof, "staged");
  let looks = 0;
  const observe: NonNullable<Lies["observe"]> = (_point, truth) => {
    looks += 1;
    return truth;
  };
  const again = await switchModes(plan, requestOf("down"), fakeMachine({ observe }));
  assert.deepEqual([again.exit, again.sites[0]?.result], ["ok", "already"]);
  assert.equal(looks, 3 * plan.switchPoints.length);
  assert.equal(readState(plan.spec.stateDir, "main").proof, "proven");
});

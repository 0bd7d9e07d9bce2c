import assert from "node:assert/strict";
import { cpSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { Plan } from "../../src/plan/types.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { bundled } from "../support/bundled.js";
import { checkNext, checkStatus, temporaryFilesBelow } from "../support/crash-checks.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { Faults, type Errno, type FaultOptions, type FileCall } from "../support/faults.js";

/** Every how-manieth call fails; all are killed at. */
const STEP = process.env["FENCE_FAULTS"] === "all" ? 1 : 2;

const CHILD = await bundled("switch-child");

const options = needs("gcc", "linux");
const folder = join(temporaryFolder(), "world");
const run = [CHILD, folder, "down", "main"];
const faults = new Faults(folder);
after(() => faults.close());

/** A site that is up in generation 2, at a path that is the same in every run. */
async function prepare(folder: string): Promise<Plan> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const plan = planOf(folder);
  await switchModes(plan, requestOf("up"), fakeMachine());
  return plan;
}

/** What holds on the disk after any end of a switch from up (2) to down (3, or 4 when 2 could not be read). */
function checkDisk(plan: Plan, what: string, newest = 3): Set<string> {
  const modes = new Set<string>();
  for (const point of plan.switchPoints) {
    const { mode, generation } = readOnDisk(point);
    const isOld = mode === "up" && (generation ?? 0) >= 2 && (generation ?? 9) < newest;
    const isNew = mode === "down" && (generation ?? 0) >= 3 && (generation ?? 9) <= newest;
    assert.ok(isOld || isNew, `${what}: torn: ${point.active} is ${mode}, ${generation}`);
    modes.add(mode);
  }
  return modes;
}

async function callsOfDown(how: FaultOptions = {}): Promise<readonly FileCall[]> {
  await prepare(folder);
  const { calls, code, stdout, stderr } = await faults.run(run, null, how);
  assert.equal(code, 0, stdout + stderr);
  assert.ok(calls.length >= 40, String(calls.length));
  return calls;
}

test(
  "a switch killed at any file call leaves old or new, is told truly, and is finished by the next command",
  options,
  async () => {
    const calls = await callsOfDown();
    let forward = 0;
    for (const { number, name, path } of calls) {
      const what = `killed at ${number}: ${name} ${path}`;
      const plan = await prepare(folder);
      const { signal } = await faults.run(run, { at: number, act: { kind: "kill" } });
      assert.equal(signal, "SIGKILL", what);
      const modes = checkDisk(plan, what);
      if (modes.has("down")) forward += 1;
      await checkStatus(plan, modes, what);
      const copy = `${folder}-copy`;
      rmSync(copy, { recursive: true, force: true });
      cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
      assert.ok(lstatSync(planOf(copy).switchPoints[1]?.active ?? "").isSymbolicLink());
      await checkNext(plan, "down", `${what}; then down`);
      await checkNext(planOf(copy), "up", `${what}; then up`);
    }
    console.log(`# killed at ${calls.length} file calls, ${forward} times with a new variant in force`);
    assert.ok(forward > 0 && forward < calls.length);
  },
);

test(
  "a switch whose file call fails at any point ends old or new, and its exit code says which",
  options,
  async () => {
    const how = { reads: true };
    const calls = await callsOfDown(how);
    const seen = new Map<number, number>();
    const errors: readonly Errno[] = ["ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE"];
    const chosen = calls.filter((_call, index) => index % STEP === 0);
    for (const [index, call] of chosen.entries()) {
      const errno = errors[index % errors.length] ?? "EIO";
      const plan = await prepare(folder);
      const ended = await faults.run(run, { at: call.number, act: { kind: "errno", errno } }, how);
      const code = ended.code ?? -1;
      seen.set(code, (seen.get(code) ?? 0) + 1);
      const modes = checkDisk(plan, `${errno} at ${call.number}`, 4);
      const said = `${errno} at ${call.number}: ${call.name} ${call.path}\nexit ${code}\n${ended.stdout}${ended.stderr}`;
      assert.ok([0, 1, 7, 8, 77].includes(code), said);
      // 0 and 7: down is in force everywhere. Anything else: up is.
      assert.deepEqual([...modes], [code === 0 || code === 7 ? "down" : "up"], said);
      if (code === 1 || code === 77) {
        assert.notEqual(ended.stdout, "", said);
        const { error: message } = JSON.parse(ended.stdout) as { error: string };
        assert.ok(message.includes(errno) && message.includes(folder), said);
        const isRemoval = call.name === "unlink" || call.name === "rmdir";
        if (!isRemoval) assert.deepEqual(temporaryFilesBelow(plan.spec.stateDir), [], said);
      }
      await checkStatus(plan, modes, said);
      await checkNext(plan, "down", said);
    }
    const exits = [...seen].map(([code, count]) => `${code}: ${count}`).join(", ");
    console.log(`# ${chosen.length} of ${calls.length} file calls failed, exits: ${exits}`);
  },
);

test("a call that is cut short or interrupted is gone on with", options, async () => {
  const calls = await callsOfDown();
  const writes = calls.filter(({ name }) => name === "write").filter((_call, index) => index % STEP === 0);
  const faultsOf = [
    ...writes.map(({ number }) => ({ at: number, act: { kind: "short" } as const })),
    ...writes.map(({ number }) => ({ at: number, act: { kind: "errno", errno: "EINTR" } as const })),
  ];
  for (const fault of faultsOf) {
    const plan = await prepare(folder);
    const { code, isHit, stdout } = await faults.run(run, fault);
    assert.deepEqual([isHit, code], [true, 0], `${fault.act.kind} at ${fault.at}: ${stdout}`);
    assert.deepEqual([...checkDisk(plan, fault.act.kind)], ["down"]);
  }
});

import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { switchModes } from "../../src/apply/switch-modes.js";
import { readUnfinished } from "../../src/switch/journal.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { bundled } from "../support/bundled.js";
import { checkNext, checkStatus } from "../support/crash-checks.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { Faults, type FaultedRun, type FileCall } from "../support/faults.js";

/** Every how-manieth call is killed, to keep the run short. */
const STEP = process.env["FENCE_FAULTS"] === "all" ? 1 : 2;

const CHILD = await bundled("switch-child");

const options = needs("gcc", "linux");
const home = temporaryFolder();
/** The same path in every run. */
const folder = join(home, "world");
const start = join(home, "start");
const faults = new Faults(folder);
after(() => faults.close());

function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** A site that is up in generation 2, in `start` and in `folder`. */
async function prepare(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await switchModes(planOf(folder), requestOf("up"), fakeMachine());
  copy(folder, start);
}

async function killAt({ number }: FileCall, args: readonly string[]): Promise<FaultedRun> {
  copy(start, folder);
  return faults.run([CHILD, folder, ...args], { at: number, act: { kind: "kill" } });
}

async function callsOf(args: readonly string[]): Promise<readonly FileCall[]> {
  copy(start, folder);
  const run = await faults.run([CHILD, folder, ...args], null);
  assert.notEqual(run.code, null, run.stdout + run.stderr);
  return run.calls;
}

/** Kills the switch at its calls; whatever is left is whole, told truly, and one command away from both modes. */
async function sweep(all: readonly FileCall[], args: readonly string[]): Promise<void> {
  const calls = all.filter((_call, index) => index % STEP === 0);
  for (const call of calls) {
    const what = `killed at ${call.number}: ${call.name} ${call.path}`;
    const run = await killAt(call, args);
    assert.equal(run.signal, "SIGKILL", what);
    const plan = planOf(folder);
    const modes = new Set(plan.switchPoints.map((point) => readOnDisk(point).mode as string));
    for (const mode of modes) assert.ok(mode === "up" || mode === "down", `${what}: torn: ${mode}`);
    await checkStatus(plan, modes, what);
    const second = `${folder}-copy`;
    copy(folder, second);
    await checkNext(plan, "down", `${what}; then down`);
    await checkNext(planOf(second), "up", `${what}; then up`);
  }
  console.log(`# killed at ${calls.length} of ${all.length} file calls`);
}

test("an up that finds a half done down and is itself killed at any file call", options, async () => {
  await prepare();
  const renames = (await callsOf(["down", "main"])).filter(
    ({ name, path }) => name === "rename" && /main(\.lua)?$/.test(path),
  );
  const second = renames.at(-1);
  assert.ok(second);
  assert.equal((await killAt(second, ["down", "main"])).signal, "SIGKILL");
  const modes = planOf(folder).switchPoints.map((point) => readOnDisk(point).mode);
  assert.deepEqual(modes, ["down", "up"]);
  assert.equal(readUnfinished(planOf(folder).spec.stateDir).kind, "journal");
  copy(folder, start);
  const calls = await callsOf(["up", "main"]);
  const recovered = calls.findIndex(({ name, path }) => name === "unlink" && path.includes("journal"));
  assert.ok(recovered >= 15, String(recovered));
  // What comes after is a switch like any other: see crash.test.ts.
  await sweep(calls.slice(0, recovered + 3), ["up", "main"]);
});

test("a down that is being undone and is killed at any file call", options, async () => {
  await prepare();
  const args = ["down", "main", "0", "stuck"];
  const all = await callsOf(args);
  // What comes before is the same as in every other switch: see crash.test.ts.
  const journals = all.flatMap(({ name, path }, index) =>
    name === "rename" && path.includes("journal") ? [index] : [],
  );
  const [, undo = 0] = journals;
  assert.ok(undo > 0);
  await sweep(all.slice(undo - 3), args);
});

import assert from "node:assert/strict";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { switchModes } from "../../src/apply/switch-modes.js";
import { readUnfinished } from "../../src/switch/journal.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { checkNext, checkStatus } from "../support/crash-checks.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { injectInto, listOperations, type FileOperation, type TracedRun } from "../support/strace.js";

/** Every how-manieth operation is killed, to keep the run short; 1 takes over a minute. */
const STEP = 2;

/** Of the file operations, how many at least must be hit: a few runs count differently, see injectInto. */
const HIT_SHARE = 0.85;

const CHILD = fileURLToPath(new URL("../support/switch-child.js", import.meta.url));

const options = needs("strace", "linux");
const home = temporaryFolder();
/** The same path in every run. */
const folder = join(home, "world");
const start = join(home, "start");

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

/** Once more, one call later and one earlier, when a call of Node's own came in its place. */
async function killAt(
  operation: FileOperation,
  args: readonly string[],
): Promise<TracedRun & { isHit: boolean }> {
  for (const shift of [0, 1, -1, 2]) {
    copy(start, folder);
    const shifted = { ...operation, when: operation.when + shift };
    const run = await injectInto(folder, shifted, "signal=KILL", [CHILD, folder, ...args]);
    if (run.isHit || shift === 2) return run;
  }
  throw new Error("not reached");
}

async function operationsOf(args: readonly string[]): Promise<FileOperation[]> {
  copy(start, folder);
  const { run, operations } = await listOperations(folder, [CHILD, folder, ...args]);
  assert.notEqual(run.code, null, run.stdout + run.stderr);
  return operations;
}

/** Kills the switch at its operations; whatever is left is whole, told truly, and one command away from both modes. */
async function sweep(all: readonly FileOperation[], args: readonly string[]): Promise<void> {
  const operations = all.filter((_operation, index) => index % STEP === 0);
  let hits = 0;
  for (const [index, operation] of operations.entries()) {
    const what = `killed at ${index + 1}: ${operation.line}`;
    const run = await killAt(operation, args);
    if (run.isHit) hits += 1;
    const plan = planOf(folder);
    const modes = new Set(plan.switchPoints.map((point) => readOnDisk(point).mode as string));
    for (const mode of modes) assert.ok(mode === "up" || mode === "down", `${what}: torn: ${mode}`);
    await checkStatus(plan, modes, what);
    const second = `${folder}-copy`;
    copy(folder, second);
    await checkNext(plan, "down", `${what}; then down`);
    await checkNext(planOf(second), "up", `${what}; then up`);
  }
  console.log(`# ${hits} of ${operations.length} file operations killed`);
  assert.ok(hits >= operations.length * HIT_SHARE, `${hits} of ${operations.length} were hit`);
}

test("an up that finds a half done down and is itself killed at any file operation", options, async () => {
  await prepare();
  const renames = (await operationsOf(["down", "main"])).filter(
    ({ syscall, line }) => syscall === "rename" && /main(\.lua)?"/.test(line),
  );
  const second = renames.at(-1);
  assert.ok(second);
  assert.equal((await killAt(second, ["down", "main"])).isHit, true);
  const modes = planOf(folder).switchPoints.map((point) => readOnDisk(point).mode);
  assert.deepEqual(modes, ["down", "up"]);
  assert.equal(readUnfinished(planOf(folder).spec.stateDir).kind, "journal");
  copy(folder, start);
  const operations = await operationsOf(["up", "main"]);
  const recovered = operations.findIndex(
    ({ syscall, line }) => syscall === "unlink" && line.includes("journal"),
  );
  assert.ok(recovered >= 25, String(recovered));
  // What comes after is a switch like any other: see crash.test.ts.
  await sweep(operations.slice(0, recovered + 3), ["up", "main"]);
});

test("a down that is being undone and is killed at any file operation", options, async () => {
  await prepare();
  const args = ["down", "main", "0", "stuck"];
  const all = await operationsOf(args);
  // What comes before is the same as in every other switch: see crash.test.ts.
  const journals = all.flatMap(({ syscall, line }, index) =>
    syscall === "rename" && line.includes("journal") ? [index] : [],
  );
  const [, undo = 0] = journals;
  assert.ok(undo > 0);
  await sweep(all.slice(undo - 3), args);
});

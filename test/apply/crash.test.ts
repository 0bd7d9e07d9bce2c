import assert from "node:assert/strict";
import { cpSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { switchModes } from "../../src/apply/switch-modes.js";
import type { Plan } from "../../src/plan/types.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { checkNext, checkStatus, temporaryFilesBelow } from "../support/crash-checks.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { injectInto, listOperations, type FileOperation } from "../support/strace.js";

/** Of the file operations, how many at least must be hit: a few runs count differently, see injectInto. */
const HIT_SHARE = 0.95;

const CHILD = fileURLToPath(new URL("../support/switch-child.js", import.meta.url));

const options = needs("strace", "linux");
const folder = join(temporaryFolder(), "world");

/** A site that is up in generation 2, at a path that is the same in every run. */
async function prepare(folder: string): Promise<Plan> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const plan = planOf(folder);
  await switchModes(plan, requestOf("up"), fakeMachine());
  return plan;
}

/** One switch to down into which something is injected; once more when Node's own call came in its place. */
async function runInto(
  operation: FileOperation,
  what: string,
): Promise<{ plan: Plan; run: Awaited<ReturnType<typeof injectInto>> }> {
  for (const shift of [0, 1, -1]) {
    const plan = await prepare(folder);
    const shifted = { ...operation, when: operation.when + shift };
    const run = await injectInto(folder, shifted, what, [CHILD, folder, "down", "main"]);
    if (run.isHit || shift === -1) return { plan, run };
  }
  throw new Error("not reached");
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

async function operationsOfDown(): Promise<FileOperation[]> {
  await prepare(folder);
  const { run, operations } = await listOperations(folder, [CHILD, folder, "down", "main"]);
  assert.equal(run.code, 0, run.stdout + run.stderr);
  assert.ok(operations.length >= 40, String(operations.length));
  return operations;
}

test(
  "a switch killed at any file operation leaves old or new, is told truly, and is finished by the next command",
  options,
  async () => {
    const operations = await operationsOfDown();
    let killed = 0;
    let forward = 0;
    for (const [index, operation] of operations.entries()) {
      const what = `killed at ${index + 1}: ${operation.line}`;
      const { plan, run } = await runInto(operation, "signal=KILL");
      if (run.isHit && (run.code === 137 || run.signal === "SIGKILL")) killed += 1;
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
    console.log(
      `# ${operations.length} file operations, ${killed} killed, ${forward} with a new variant in force`,
    );
    assert.ok(killed >= operations.length * HIT_SHARE, `${killed} of ${operations.length} were killed`);
    assert.ok(forward > 0 && forward < operations.length);
  },
);

test(
  "a switch whose file operation fails at any point ends old or new, and its exit code says which",
  options,
  async () => {
    const operations = await operationsOfDown();
    const seen = new Map<number, number>();
    let hits = 0;
    const errors = ["ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE"];
    for (const [index, operation] of operations.entries()) {
      const error = errors[index % errors.length] ?? "EIO";
      const what = `${error} at ${index + 1}: ${operation.line}`;
      const { plan, run } = await runInto(operation, `error=${error}`);
      if (!run.isHit) continue;
      hits += 1;
      const code = run.code ?? -1;
      seen.set(code, (seen.get(code) ?? 0) + 1);
      const modes = checkDisk(plan, what, 4);
      const said = `${what}\nexit ${code}\n${run.stdout}${run.stderr}`;
      assert.ok([0, 1, 7, 8, 77].includes(code), said);
      // 0 and 7: down is in force everywhere. Anything else: up is.
      assert.deepEqual([...modes], [code === 0 || code === 7 ? "down" : "up"], said);
      if (code === 1 || code === 77) {
        assert.notEqual(run.stdout, "", said);
        const { error: message } = JSON.parse(run.stdout) as { error: string };
        assert.ok(message.includes(error) && message.includes(folder), said);
        assert.deepEqual(
          temporaryFilesBelow(plan.spec.stateDir).filter(() => !operation.line.startsWith("unlink")),
          [],
          said,
        );
      }
      await checkStatus(plan, modes, said);
      await checkNext(plan, "down", said);
    }
    assert.ok(hits >= operations.length * HIT_SHARE, `${hits} of ${operations.length} were hit`);
    console.log(
      `# ${hits} failed, exits: ${[...seen].map(([code, count]) => `${code}: ${count}`).join(", ")}`,
    );
  },
);

import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { switchModes } from "../../src/apply/switch-modes.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { bundled } from "../support/bundled.js";
import { Faults } from "../support/faults.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";
import { needs } from "../support/needs.js";
import { injectInto, listOperations, type FileOperation } from "../support/strace.js";

const CHILD = await bundled("switch-child");
const folder = join(temporaryFolder(), "world");
const run = [CHILD, folder, "down", "main"];
const options = needs("gcc", "strace", "linux");

async function prepare(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await switchModes(planOf(folder), requestOf("up"), fakeMachine());
}

const shown = (): string =>
  planOf(folder)
    .switchPoints.map((point) => readOnDisk(point).mode)
    .join(" ");

/** What the counting library calls a call that strace saw; null: it does not count those. */
function nameOf({ syscall, line }: FileOperation): string | null {
  if (syscall === "openat") return /O_(WRONLY|RDWR|CREAT)/.test(line) ? "create" : null;
  return syscall === "pwrite64" ? "write" : syscall;
}

test(
  "strace sees the same file calls as the library that counts them, and a kill by either leaves the same",
  options,
  async () => {
    const faults = new Faults(folder);
    after(() => faults.close());
    await prepare();
    const { operations } = await listOperations(folder, run);
    await prepare();
    const { calls } = await faults.run(run, null);
    const seen = operations.filter((operation) => nameOf(operation) !== null);
    assert.deepEqual(
      seen.map(nameOf),
      calls.map(({ name }) => name),
    );
    const renames = calls.flatMap(({ name }, index) => (name === "rename" ? [index] : []));
    assert.ok(renames.length >= 4);
    for (const index of renames) {
      const [operation, call] = [seen[index], calls[index]];
      assert.ok(operation && call);
      await prepare();
      const traced = await injectInto(folder, operation, "signal=KILL", run);
      assert.equal(traced.isHit, true, operation.line);
      const byStrace = shown();
      await prepare();
      await faults.run(run, { at: call.number, act: { kind: "kill" } });
      assert.equal(shown(), byStrace, operation.line);
    }
  },
);

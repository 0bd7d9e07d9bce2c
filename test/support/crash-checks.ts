import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { status, unfinished } from "../../src/apply/status.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import { isMode } from "../../src/base/mode.js";
import type { Plan } from "../../src/plan/types.js";
import { readHistory } from "../../src/switch/history.js";
import { readOnDisk } from "../../src/switch/on-disk.js";
import { readState } from "../../src/switch/state.js";
import { fakeMachine, requestOf } from "./fake-machine.js";

/** What status tells after a crash is what is on the disk. */
export async function checkStatus(plan: Plan, modes: Set<string>, what: string): Promise<void> {
  const cells = await status(plan, fakeMachine());
  for (const cell of cells) {
    assert.ok(isMode(cell.onDisk.mode) && cell.observed.mode === cell.onDisk.mode, what);
  }
  const { journal, holder } = unfinished(plan.spec.stateDir);
  assert.equal(holder, null, what);
  assert.ok(journal.kind === "journal" || journal.kind === "none", `${what}: ${journal.kind}`);
  // Without a journal there is nothing to finish: all servers and the state must agree.
  if (journal.kind === "none") {
    assert.equal(modes.size, 1, what);
    assert.ok(modes.has(readState(plan.spec.stateDir, "main").mode), what);
    for (const cell of cells) assert.deepEqual(cell.differences, [], what);
  }
}

/** Whatever the crash left, one further command gets where it wants to. */
export async function checkNext(plan: Plan, mode: "up" | "down", what: string): Promise<void> {
  const sites = plan.spec.sites.map(({ name }) => name);
  const result = await switchModes(plan, requestOf(mode, sites), fakeMachine());
  assert.equal(result.exit, "ok", `${what}: ${JSON.stringify(result)}`);
  for (const point of plan.switchPoints) assert.equal(readOnDisk(point).mode, mode, what);
  assert.equal(readState(plan.spec.stateDir, "main").proof, "proven", what);
  assert.equal(existsSync(join(plan.spec.stateDir, "journal.json")), false, what);
  assert.deepEqual(temporaryFilesBelow(plan.spec.stateDir), [], what);
  const ids = readHistory(plan.spec.stateDir, 99).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, what);
}

export function temporaryFilesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes(".fence-"),
  );
}

import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Steps } from "../../src/apply/steps.js";
import { switchModes } from "../../src/apply/switch-modes.js";
import { underLock } from "../../src/apply/under-lock.js";
import { commit } from "../../src/switch/commit.js";
import { readHistory } from "../../src/switch/history.js";
import { beginJournal, writeJournal, type Journal } from "../../src/switch/journal.js";
import { generationPath, readOnDisk } from "../../src/switch/on-disk.js";
import { recover } from "../../src/switch/recover.js";
import { stage } from "../../src/switch/stage.js";
import { readState } from "../../src/switch/state.js";
import { fakeMachine, planOf, requestOf, temporaryFolder } from "../support/fake-machine.js";

/** A site that is up in generation 2, with a change to down in generation 3 journaled and staged. */
async function unfinished() {
  const plan = planOf(temporaryFolder());
  await switchModes(plan, requestOf("up"), fakeMachine());
  const from = readState(plan.spec.stateDir, "main");
  const to = { ...from, mode: "down" as const, generation: 3, lastGeneration: 3 };
  const values = {
    mode: to.mode,
    generation: 3,
    retryAfterSec: 1,
    untilMs: null,
    leftSec: null,
    message: "",
    reason: "",
    hold: null,
  };
  for (const point of plan.switchPoints) stage(point, 3, [...fakeMachine().renderVariant(point, values)]);
  const points = plan.switchPoints.map(({ server, form }) => ({
    server,
    form,
    fromGeneration: 2,
    toGeneration: 3,
  }));
  const journal: Journal = {
    version: 1,
    id: "a",
    direction: "forward",
    startedAt: from.since,
    by: "tester",
    command: "fence down main",
    why: "",
    sites: [{ site: "main", from, to, points }],
  };
  beginJournal(plan.spec.stateDir, journal);
  const [file, folder] = plan.switchPoints;
  assert.ok(file && folder);
  const again = (points = plan.switchPoints) =>
    recover({ stateDir: plan.spec.stateDir, points, prove: () => Promise.resolve("proven") });
  return { plan, journal, file, folder, again };
}

test("a new variant that was put in force and then edited is not removed from under the server", async () => {
  const { folder, again } = await unfinished();
  commit(folder, 3);
  appendFileSync(join(folder.active, "body.html"), "edited");
  const recovered = await again();
  assert.equal(recovered?.outcome, "undone");
  assert.ok(existsSync(generationPath(folder, 3)));
  assert.match(readFileSync(join(folder.active, "variant"), "utf8"), /generation=3/);
});

test("a change of which nothing is in force is dropped, and what it staged removed", async () => {
  const { plan, file, folder, again } = await unfinished();
  assert.equal((await again())?.outcome, "undone");
  for (const point of [file, folder]) assert.equal(existsSync(generationPath(point, 3)), false);
  assert.equal(readState(plan.spec.stateDir, "main").generation, 2);
});

test("a server that the spec no longer names is left alone, and the others are finished", async () => {
  const { plan, file, folder, again } = await unfinished();
  commit(file, 3);
  const recovered = await again([file]);
  assert.equal(recovered?.outcome, "finished");
  assert.deepEqual(readOnDisk(folder), { mode: "up", generation: 2 });
  assert.deepEqual(readState(plan.spec.stateDir, "main").mode, "down");
});

test("a site that the spec no longer names does not keep the next command from its work", async () => {
  const { plan, file, folder, again } = await unfinished();
  commit(file, 3);
  await again([]);
  const result = await switchModes(plan, requestOf("up"), fakeMachine());
  assert.equal(result.exit, "ok");
  for (const point of [file, folder]) assert.equal(readOnDisk(point).mode, "up");
});

test("the history says of an unfinished change what was seen of it, and no more", async () => {
  const exits: Record<string, string> = {};
  const cases = {
    "nothing in force": { committed: 0, direction: "forward", sites: ["other"] },
    "finished and proven": { committed: 2, direction: "forward", sites: ["other"] },
    "finished, not looked at": { committed: 2, direction: "forward", sites: ["main"] },
    "undone and proven": { committed: 1, direction: "undo", sites: ["other"] },
    "undone, not looked at": { committed: 1, direction: "undo", sites: ["main"] },
  } as const;
  for (const [name, { committed, direction, sites }] of Object.entries(cases)) {
    const { plan, journal } = await unfinished();
    for (const point of plan.switchPoints.slice(0, committed)) commit(point, 3);
    writeJournal(plan.spec.stateDir, { ...journal, direction });
    const request = { lockTimeoutMs: 0, by: "tester", command: "fence up", sites, signal: undefined };
    await underLock(plan, fakeMachine(), new Steps(), request, () => Promise.resolve());
    exits[name] = readHistory(plan.spec.stateDir, 1)[0]?.exit ?? "none";
  }
  assert.deepEqual(exits, {
    "nothing in force": "failed",
    "finished and proven": "ok",
    "finished, not looked at": "unproven",
    "undone and proven": "rolledBack",
    "undone, not looked at": "unproven",
  });
});

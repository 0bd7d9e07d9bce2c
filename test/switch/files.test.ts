import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { commit } from "../../src/switch/commit.js";
import {
  appendHistory,
  HISTORY_BYTES_MAX,
  readHistory,
  type HistoryEntry,
} from "../../src/switch/history.js";
import { readJournal, readUnfinished, writeJournal, type Journal } from "../../src/switch/journal.js";
import { generationsOf, readGeneration, readOnDisk } from "../../src/switch/on-disk.js";
import { prune, stage } from "../../src/switch/stage.js";
import { initialState, readState, writeState } from "../../src/switch/state.js";
import { fakeMachine, planOf, temporaryFolder } from "../support/fake-machine.js";

const machine = fakeMachine();

function points() {
  return planOf(temporaryFolder()).switchPoints;
}

function stageIt(point: ReturnType<typeof points>[number], generation: number, mode: "up" | "down"): void {
  const values = {
    mode,
    generation,
    retryAfterSec: 1,
    untilMs: null,
    leftSec: null,
    message: "",
    reason: "",
    hold: null,
  };
  stage(point, generation, machine.renderVariant(point, values));
}

test("nothing is in force before the first commit, and what was committed is read back", () => {
  for (const point of points()) {
    assert.deepEqual(readOnDisk(point), { mode: null, generation: null });
    stageIt(point, 1, "up");
    assert.deepEqual(readOnDisk(point), { mode: null, generation: null });
    commit(point, 1);
    assert.deepEqual(readOnDisk(point), { mode: "up", generation: 1 });
    stageIt(point, 2, "down");
    commit(point, 2);
    assert.deepEqual(readOnDisk(point), { mode: "down", generation: 2 });
    assert.equal(readdirSync(dirname(point.active)).length, 3, "two generations and the active one");
  }
});

test("the active file is a copy for workers to read, the active folder a relative symlink", () => {
  const [file, folder] = points();
  assert.ok(file && folder);
  for (const point of [file, folder]) {
    stageIt(point, 7, "down");
    commit(point, 7);
  }
  assert.ok(lstatSync(file.active).isFile());
  assert.equal(statSync(file.active).mode & 0o777, 0o644);
  assert.equal(readlinkSync(folder.active), "main.7");
  for (const name of readdirSync(folder.active))
    assert.equal(statSync(join(folder.active, name)).mode & 0o777, 0o644);
  assert.equal(statSync(folder.active).mode & 0o777, 0o755);
});

test("an active variant that was edited, or that fence did not write, is unknown", () => {
  const [file, folder] = points();
  assert.ok(file && folder);
  for (const point of [file, folder]) {
    stageIt(point, 1, "down");
    commit(point, 1);
  }
  writeFileSync(file.active, `${readFileSync(file.active, "utf8")}-- a comment\n`);
  assert.deepEqual(readOnDisk(file), { mode: "unknown", generation: null });
  writeFileSync(file.active, "return 503\n");
  assert.deepEqual(readOnDisk(file), { mode: "unknown", generation: null });
  writeFileSync(join(folder.active, "body.html"), "edited");
  assert.deepEqual(readOnDisk(folder), { mode: "unknown", generation: null });
  assert.equal(readGeneration(folder, 1), null);
});

test("a variant without its stamp is not staged in silence", () => {
  const [file] = points();
  assert.ok(file);
  assert.throws(() => stage(file, 3, [{ name: "x", content: "nothing\n" }]), /does not carry/);
});

test("pruning keeps the newest three, the active one and the one to go back to", () => {
  for (const point of points()) {
    for (let generation = 1; generation <= 9; generation += 1) stageIt(point, generation, "up");
    commit(point, 4);
    prune(point, [2]);
    assert.deepEqual(generationsOf(point), [2, 4, 7, 8, 9]);
  }
});

test("nothing is pruned while it cannot be told what is in force", () => {
  const [file] = points();
  assert.ok(file);
  for (let generation = 1; generation <= 9; generation += 1) stageIt(file, generation, "up");
  writeFileSync(file.active, "edited");
  prune(file, []);
  assert.equal(generationsOf(file).length, 9);
});

test("a site that fence has never touched is up in generation 0", () => {
  const stateDir = temporaryFolder();
  assert.deepEqual([readState(stateDir, "main").mode, readState(stateDir, "main").generation], ["up", 0]);
});

test("a state is read back as it was written", () => {
  const stateDir = temporaryFolder();
  const state = {
    ...initialState("main"),
    mode: "down" as const,
    generation: 12,
    lastGeneration: 13,
    message: "ü\n",
    untilMs: 5,
  };
  writeState(stateDir, state);
  assert.deepEqual(readState(stateDir, "main"), state);
});

test("a state of a newer version, or garbage, is refused", () => {
  const stateDir = temporaryFolder();
  mkdirSync(join(stateDir, "sites"));
  const path = join(stateDir, "sites/main.json");
  writeFileSync(path, '{"version":2}');
  assert.throws(() => readState(stateDir, "main"), { code: "state-unknown-version" });
  for (const garbage of ["", "{", "null", "[]", '{"version":1}', JSON.stringify(initialState("other"))]) {
    writeFileSync(path, garbage);
    assert.throws(() => readState(stateDir, "main"), { code: "state-unreadable" }, garbage);
  }
});

const journal: Journal = {
  version: 1,
  id: "0011",
  direction: "forward",
  startedAt: "2026-01-01T00:00:00.000Z",
  by: "me",
  command: "fence down",
  why: "",
  sites: [
    {
      site: "main",
      from: initialState("main"),
      to: initialState("main"),
      points: [{ server: "web", form: "file", fromGeneration: 1, toGeneration: 2 }],
    },
  ],
};

test("a journal is read back as it was written; none is none", () => {
  const stateDir = temporaryFolder();
  assert.equal(readJournal(stateDir), null);
  writeJournal(stateDir, journal);
  assert.deepEqual(readJournal(stateDir), journal);
});

test("a torn journal is refused with what to do, a newer one with its version; both are told without throwing", () => {
  const stateDir = temporaryFolder();
  const path = join(stateDir, "journal.json");
  const whole = JSON.stringify(journal);
  for (const text of ["", whole.slice(0, 40), "null", "7", JSON.stringify({ ...journal, sites: [{}] })]) {
    writeFileSync(path, text);
    assert.throws(
      () => readJournal(stateDir),
      (error: { code: string; hint: string }) => {
        assert.equal(error.code, "journal-unreadable");
        assert.ok(error.hint.includes(path));
        return true;
      },
    );
    assert.equal(readUnfinished(stateDir).kind, "unreadable");
  }
  writeFileSync(path, JSON.stringify({ ...journal, version: 2 }));
  assert.throws(() => readJournal(stateDir), { code: "state-unknown-version" });
  assert.deepEqual(readUnfinished(stateDir), { kind: "unknown-version", version: 2 });
});

function entry(id: number, text = ""): HistoryEntry {
  return {
    version: 1,
    id: String(id),
    at: "2026-01-01T00:00:00.000Z",
    by: "me",
    command: "fence down",
    why: text,
    sites: [],
    steps: {},
    tookMs: 1,
    exit: "ok",
    finishedBy: null,
  };
}

test("the history gives the last changes, newest first, across torn lines and lines told twice", () => {
  const stateDir = temporaryFolder();
  const path = join(stateDir, "history.ndjson");
  assert.deepEqual(readHistory(stateDir, 5), []);
  appendHistory(stateDir, entry(1));
  appendHistory(stateDir, entry(2, "first"));
  appendHistory(stateDir, entry(2, "second"));
  writeFileSync(path, '{"version":1,"id":"torn', { flag: "a" });
  appendHistory(stateDir, entry(3));
  writeFileSync(path, '{"version":1,"id":"torn', { flag: "a" });
  const all = readHistory(stateDir, 10);
  assert.deepEqual(
    all.map(({ id, why }) => `${id}${why}`),
    ["3", "2second", "1"],
  );
  assert.deepEqual(
    readHistory(stateDir, 1).map(({ id }) => id),
    ["3"],
  );
});

test("a long history is read from its end", () => {
  const stateDir = temporaryFolder();
  const lines = Array.from({ length: 3000 }, (_, n) => JSON.stringify(entry(n, "ü".repeat(n % 300))));
  writeFileSync(join(stateDir, "history.ndjson"), `${lines.join("\n")}\n`);
  assert.deepEqual(
    readHistory(stateDir, 3).map(({ id }) => id),
    ["2999", "2998", "2997"],
  );
  assert.equal(readHistory(stateDir, 2500).length, 2500);
  assert.equal(readHistory(stateDir, 9999).length, 3000);
  assert.ok(existsSync(join(stateDir, "history.ndjson")));
});

test("a long history is set aside once, and told on", () => {
  const stateDir = temporaryFolder();
  const path = join(stateDir, "history.ndjson");
  appendHistory(stateDir, entry(1));
  appendFileSync(path, `${"x".repeat(HISTORY_BYTES_MAX)}\n`);
  appendHistory(stateDir, entry(2));
  appendHistory(stateDir, entry(3));
  assert.ok(statSync(path).size < 4096);
  assert.deepEqual(
    readHistory(stateDir, 10).map(({ id }) => id),
    [entry(3).id, entry(2).id, entry(1).id],
  );
  assert.equal(readHistory(stateDir, 2).length, 2);
});

import assert from "node:assert/strict";
import fs, { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { FenceError } from "../../src/base/errors.js";
import { FileError } from "../../src/base/file-error.js";
import {
  beginJournal,
  readJournal,
  readUnfinished,
  removeJournalQuietly,
  writeJournal,
  type Journal,
} from "../../src/switch/journal.js";
import { readState } from "../../src/switch/state.js";
import { temporaryFolder } from "../support/fake-machine.js";

/** Of a site that nobody has switched yet. */
const STATE = readState(temporaryFolder(), "main");

const JOURNAL = {
  version: 1,
  id: "a",
  direction: "forward",
  startedAt: "2026-01-01T00:00:00.000Z",
  by: "tester",
  command: "fence down main",
  why: "",
  sites: [],
} as const satisfies Journal;

function folderWith(text: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "journal.json"), text);
  return folder;
}

/** While fsync of folders fails, as on a disk that is going. */
function withoutSync<T>(errno: string, run: () => T): T {
  const { fsyncSync } = fs;
  fs.fsyncSync = (fd: number) => {
    if (fs.fstatSync(fd).isDirectory()) throw Object.assign(new Error(errno), { code: errno });
    fsyncSync(fd);
  };
  syncBuiltinESMExports();
  try {
    return run();
  } finally {
    fs.fsyncSync = fsyncSync;
    syncBuiltinESMExports();
  }
}

test("a journal that is none is told as unreadable, and never taken for one", () => {
  const site = { site: "main", from: STATE, to: STATE, points: [] };
  const point = { server: "web", form: "file", fromGeneration: 1, toGeneration: 2 };
  const right = JSON.stringify({ ...JOURNAL, sites: [{ ...site, points: [point] }] });
  assert.equal(readUnfinished(folderWith(right)).kind, "journal");
  const wrong: unknown[] = [
    null,
    3,
    {},
    { ...JOURNAL, id: 1 },
    { ...JOURNAL, direction: "sideways" },
    { ...JOURNAL, sites: {} },
    { ...JOURNAL, sites: [null] },
    { ...JOURNAL, sites: ["main"] },
    { ...JOURNAL, sites: [{ ...site, site: 1 }] },
    { ...JOURNAL, sites: [{ ...site, from: {} }] },
    { ...JOURNAL, sites: [{ ...site, points: {} }] },
    { ...JOURNAL, sites: [{ ...site, points: [null] }] },
    { ...JOURNAL, sites: [{ ...site, points: [1] }] },
    { ...JOURNAL, sites: [{ ...site, points: [{ ...point, form: "pipe" }] }] },
    { ...JOURNAL, sites: [{ ...site, points: [{ ...point, toGeneration: "2" }] }] },
  ];
  for (const value of wrong) {
    const folder = folderWith(JSON.stringify(value));
    assert.deepEqual(readUnfinished(folder), { kind: "unreadable", problem: "it is not a journal" });
    assert.throws(
      () => readJournal(folder),
      (error) => error instanceof FenceError && error.code === "journal-unreadable",
    );
  }
  assert.deepEqual(readUnfinished(folderWith("")), { kind: "unreadable", problem: "it is empty" });
  assert.deepEqual(readUnfinished(folderWith("{")), { kind: "unreadable", problem: "it is not JSON" });
});

test("a journal of another version is told as that, and one that cannot be read by its errno", () => {
  assert.throws(
    () => readJournal(folderWith('{"version":2}')),
    (error) => error instanceof FenceError && error.code === "state-unknown-version",
  );
  const folder = temporaryFolder();
  mkdirSync(join(folder, "journal.json"));
  assert.deepEqual(readUnfinished(folder), { kind: "unreadable", problem: "EISDIR" });
  assert.deepEqual(readUnfinished(join(folder, "none")), { kind: "none" });
  assert.equal(readJournal(join(folder, "none")), null);
});

test("the first journal of a change is taken back when the disk does not confirm it", () => {
  const folder = temporaryFolder();
  assert.throws(
    () => withoutSync("EIO", () => beginJournal(folder, JOURNAL)),
    (error) => error instanceof FileError && error.errno === "EIO",
  );
  assert.equal(existsSync(join(folder, "journal.json")), false);
  assert.throws(() => beginJournal(join(folder, "none"), JOURNAL), FileError);
  writeJournal(folder, JOURNAL);
  assert.deepEqual(readJournal(folder), JOURNAL);
});

test("a journal that cannot be removed stays for the next recovery; a mistake of ours is not hidden", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "journal.json"));
  removeJournalQuietly(folder);
  assert.throws(() => removeJournalQuietly(null as unknown as string), TypeError);
});

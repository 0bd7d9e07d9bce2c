import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { FenceError } from "../../src/base/errors.js";
import { checkPoint, checkStateFolder } from "../../src/switch/safety.js";
import { needs } from "../support/needs.js";
import { planOf, temporaryFolder } from "../support/fake-machine.js";

function refuses(path: string, word: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof FenceError, String(error));
    assert.equal(error.code, "state-not-safe");
    assert.ok(error.message.startsWith(`${path} `), error.message);
    assert.ok(error.message.includes(word), error.message);
    return true;
  };
}

function stateFolder(): string {
  const stateDir = join(temporaryFolder(), "deep", "state");
  mkdirSync(stateDir, { recursive: true, mode: 0o755 });
  return stateDir;
}

test("a folder of ours below a sticky one is fine, also before it is made", () => {
  const stateDir = stateFolder();
  checkStateFolder(stateDir);
  checkStateFolder(join(stateDir, "not/yet"));
});

test("a state folder or a parent that others may write to is refused, naming it", () => {
  const stateDir = stateFolder();
  chmodSync(stateDir, 0o777);
  assert.throws(() => checkStateFolder(stateDir), refuses(stateDir, "writable by others (mode 0777)"));
  chmodSync(stateDir, 0o755);
  const parent = join(stateDir, "..");
  chmodSync(parent, 0o757);
  assert.throws(() => checkStateFolder(stateDir), refuses(parent, "writable by others"));
});

test("root refuses what the group may write to", needs("root"), () => {
  const stateDir = stateFolder();
  chmodSync(stateDir, 0o775);
  assert.throws(() => checkStateFolder(stateDir), refuses(stateDir, "writable by others (mode 0775)"));
});

test("a component that belongs to another user is refused, also below a sticky folder", needs("root"), () => {
  const stateDir = stateFolder();
  const parent = join(stateDir, "..");
  chownSync(parent, 65534, 65534);
  assert.throws(() => checkStateFolder(stateDir), refuses(parent, "belongs to user 65534"));
});

test("a user other than root may use folders of its own", needs("root"), () => {
  const folder = temporaryFolder();
  chownSync(folder, 65534, 65534);
  const url = new URL("../../src/switch/safety.js", import.meta.url).href;
  const code = `
    import { checkStateFolder } from ${JSON.stringify(url)};
    process.setgid(65534); process.setuid(65534);
    checkStateFolder(${JSON.stringify(join(folder, "state"))});
    console.log("fine");
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
  });
  assert.equal(stdout.trim(), "fine", stderr);
});

test("a symlink in place of the state folder is refused", () => {
  const stateDir = stateFolder();
  const link = `${stateDir}-link`;
  symlinkSync(stateDir, link);
  assert.throws(() => checkStateFolder(link), refuses(link, "is a symlink"));
});

test("a symlink of ours among the parents is fine when its target is; else the target is refused", () => {
  const stateDir = stateFolder();
  const link = join(stateDir, "../../link");
  symlinkSync(join(stateDir, ".."), link);
  checkStateFolder(join(link, "state"));
  chmodSync(join(stateDir, ".."), 0o777);
  assert.throws(
    () => checkStateFolder(join(link, "state")),
    refuses(join(stateDir, ".."), "writable by others"),
  );
});

test("a symlink, a folder or a FIFO in place of one of fence's files is refused", () => {
  for (const name of ["lock", "journal.json", "history.ndjson", "sites/main.json"]) {
    const stateDir = stateFolder();
    mkdirSync(join(stateDir, "sites"));
    const path = join(stateDir, name);
    symlinkSync("/etc/passwd", path);
    assert.throws(() => checkStateFolder(stateDir), refuses(path, "is a symlink, not a file"));
  }
  const stateDir = stateFolder();
  spawnSync("mkfifo", [join(stateDir, "lock")]);
  assert.throws(() => checkStateFolder(stateDir), refuses(join(stateDir, "lock"), "is a FIFO"));
  const other = stateFolder();
  mkdirSync(join(other, "journal.json"));
  assert.throws(
    () => checkStateFolder(other),
    refuses(join(other, "journal.json"), "is a folder, not a file"),
  );
});

test("a file that others may write to is refused", () => {
  const stateDir = stateFolder();
  writeFileSync(join(stateDir, "journal.json"), "{}");
  chmodSync(join(stateDir, "journal.json"), 0o666);
  assert.throws(
    () => checkStateFolder(stateDir),
    refuses(join(stateDir, "journal.json"), "writable by others"),
  );
});

test("an active variant that is a folder, and a server's folder that is a symlink, are refused", () => {
  const plan = planOf(temporaryFolder());
  const [file, folder] = plan.switchPoints;
  assert.ok(file && folder);
  checkPoint(plan.spec.stateDir, file);
  mkdirSync(file.active, { recursive: true });
  assert.throws(() => checkPoint(plan.spec.stateDir, file), refuses(file.active, "is a folder, not a file"));
  mkdirSync(folder.active, { recursive: true });
  assert.throws(
    () => checkPoint(plan.spec.stateDir, folder),
    refuses(folder.active, "is a folder, not a symlink"),
  );
  const other = planOf(temporaryFolder());
  const [point] = other.switchPoints;
  assert.ok(point);
  mkdirSync(join(dirname(point.active), ".."), { recursive: true });
  symlinkSync("/tmp", dirname(point.active));
  assert.throws(
    () => checkPoint(other.spec.stateDir, point),
    refuses(dirname(point.active), "is a symlink, not a folder"),
  );
});

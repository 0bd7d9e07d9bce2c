import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { needs } from "../support/needs.js";
import { isReadableBy, whyUnreadable } from "../../src/verify/readable.js";

const NOBODY = 65534;
const folder = mkdtempSync(join(tmpdir(), "fence-readable-"));
const file = join(folder, "inner/variant");
let pid = 0;
let stop = (): void => {};

before(() => {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "inner"), { mode: 0o755 });
  writeFileSync(file, "x", { mode: 0o644 });
  if (process.getuid?.() !== 0) return;
  const child = spawn("/bin/sleep", ["600"], { uid: NOBODY, gid: NOBODY, stdio: "ignore" });
  pid = child.pid ?? 0;
  stop = () => child.kill("SIGKILL");
});

after(() => {
  stop();
  rmSync(folder, { recursive: true });
});

test("A file that everyone may read is readable for a worker of another user", needs("root"), () => {
  assert.equal(whyUnreadable(file, pid), null);
});

test("A closed folder above the file is named", needs("root"), () => {
  chmodSync(join(folder, "inner"), 0o700);
  assert.match(whyUnreadable(file, pid) ?? "", /user 65534 .* may not enter .*inner$/);
  chmodSync(join(folder, "inner"), 0o755);
});

test("A file without the right bit is named", needs("root"), () => {
  chmodSync(file, 0o600);
  assert.match(whyUnreadable(file, pid) ?? "", /may not read .*variant$/);
  chmodSync(file, 0o644);
});

test(
  "What the modes forbid and an access control list allows is readable",
  needs("root", "setfacl"),
  async () => {
    chmodSync(file, 0o600);
    assert.equal(await isReadableBy(file, pid), false);
    execFileSync("setfacl", ["-m", `u:${NOBODY}:r`, file]);
    assert.equal(await isReadableBy(file, pid), true);
    execFileSync("setfacl", ["-b", file]);
    chmodSync(file, 0o644);
  },
);

test("Root reads everything, and nothing is claimed of a process that is gone", () => {
  assert.equal(whyUnreadable(file, process.pid === 0 ? 1 : 2 ** 22 + 1), null);
});

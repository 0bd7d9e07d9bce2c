import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { appendDurable, removeDurable, symlinkAtomic, writeAtomic } from "../../src/base/durable.js";
import { FileError } from "../../src/base/file-error.js";
import { makeFolders, removeLeftovers, temporaryPath } from "../../src/base/folders.js";
import { needs } from "../support/needs.js";
import { temporaryFolder } from "../support/fake-machine.js";

test("a written file has the content and exactly the mode, whatever the umask", () => {
  const path = join(temporaryFolder(), "file");
  const before = process.umask(0o077);
  try {
    writeAtomic(path, "one", { mode: 0o644 });
    writeAtomic(path, Buffer.from("two"), { mode: 0o640 });
  } finally {
    process.umask(before);
  }
  assert.equal(readFileSync(path, "utf8"), "two");
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test("a replaced file is a new inode, and a symlink at the path is replaced, not followed", () => {
  const folder = temporaryFolder();
  const [path, target] = [join(folder, "file"), join(folder, "target")];
  writeFileSync(target, "precious");
  symlinkSync(target, path);
  writeAtomic(path, "new", { mode: 0o644 });
  assert.equal(readFileSync(target, "utf8"), "precious");
  assert.ok(lstatSync(path).isFile());
  const { ino } = statSync(path);
  writeAtomic(path, "newer", { mode: 0o644 });
  assert.notEqual(statSync(path).ino, ino);
});

test("files that replace each other within a second have other seconds, so that a reused inode tells no lie", () => {
  const path = join(temporaryFolder(), "file");
  const seconds = [1, 2, 3, 4].map((number) => {
    writeAtomic(path, String(number), { mode: 0o644, touch: true });
    return Math.floor(statSync(path).mtimeMs / 1000);
  });
  assert.equal(new Set(seconds).size, 4);
});

test("touch sets the times to now", () => {
  const path = join(temporaryFolder(), "file");
  writeAtomic(path, "x", { mode: 0o644, touch: true });
  assert.ok(Math.abs(statSync(path).mtimeMs - Date.now()) < 60_000);
});

test("a failed write names operation, path and errno, and leaves nothing behind", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "taken"));
  assert.throws(
    () => writeAtomic(join(folder, "taken"), "x", { mode: 0o644 }),
    (error) =>
      error instanceof FileError && error.errno === "EISDIR" && error.message.includes(join(folder, "taken")),
  );
  assert.deepEqual(readdirSync(folder), ["taken"]);
  assert.throws(() => writeAtomic(join(folder, "no/such/file"), "x", { mode: 0o644 }), {
    name: "FileError",
    errno: "ENOENT",
  });
});

test("a symlink is pointed elsewhere by rename", () => {
  const folder = temporaryFolder();
  symlinkAtomic(join(folder, "link"), "one");
  symlinkAtomic(join(folder, "link"), "two");
  assert.equal(readlinkSync(join(folder, "link")), "two");
  assert.deepEqual(readdirSync(folder), ["link"]);
});

test("folders are made with their missing parents and exactly the mode", () => {
  const folder = temporaryFolder();
  const before = process.umask(0o077);
  try {
    makeFolders(join(folder, "a/b/c"), 0o755);
  } finally {
    process.umask(before);
  }
  for (const name of ["a", "a/b", "a/b/c"]) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o755);
  makeFolders(join(folder, "a/b/c"), 0o700);
  assert.equal(statSync(join(folder, "a/b/c")).mode & 0o777, 0o755);
});

test("a line is appended after a torn one on a line of its own", () => {
  const path = join(temporaryFolder(), "log");
  appendDurable(path, "one", 0o644);
  writeFileSync(path, '{"torn', { flag: "a" });
  appendDurable(path, "two", 0o644);
  assert.equal(readFileSync(path, "utf8"), 'one\n{"torn\ntwo\n');
});

test("appending follows no symlink", () => {
  const folder = temporaryFolder();
  symlinkSync(join(folder, "elsewhere"), join(folder, "log"));
  assert.throws(() => appendDurable(join(folder, "log"), "x", 0o644), { name: "FileError", errno: "ELOOP" });
});

test("removing what is not there is fine", () => {
  removeDurable(join(temporaryFolder(), "nothing"));
});

test("leftovers of dead processes are removed; those of live ones and other files stay", async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ["-e", ""]);
  const dead = `.fence-${child.pid}-1-0123456789ab.tmp`;
  await once(child, "exit");
  writeFileSync(join(folder, dead), "");
  mkdirSync(join(folder, dead.replace("ab.tmp", "cd.tmp")));
  const own = temporaryPath(folder);
  writeFileSync(own, "");
  writeFileSync(join(folder, ".fence-other.tmp"), "");
  assert.equal(removeLeftovers(folder).length, 2);
  assert.deepEqual(readdirSync(folder).length, 2);
  assert.ok(lstatSync(own).isFile());
  assert.deepEqual(removeLeftovers(join(folder, "no such folder")), []);
});

test("a folder without write permission is told as such", needs("root"), async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const code = `
    import { writeAtomic } from ${JSON.stringify(new URL("../../src/base/durable.js", import.meta.url).href)};
    process.setgid(65534); process.setuid(65534);
    try { writeAtomic(${JSON.stringify(join(folder, "x"))}, "x", { mode: 0o644 }); } catch (error) { console.log(error.errno); }
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  await once(child, "close");
  assert.equal(out.trim(), "EACCES");
});

test("a writer killed at any moment leaves the whole old or the whole new content", async () => {
  const path = join(temporaryFolder(), "file");
  const url = new URL("../../src/base/durable.js", import.meta.url).href;
  const size = 256 * 1024;
  const code = `
    import { writeAtomic } from ${JSON.stringify(url)};
    for (let n = 0; ; n += 1) {
      writeAtomic(${JSON.stringify(path)}, String.fromCharCode(97 + (n % 26)).repeat(${size}), { mode: 0o644 });
      if (n === 0) console.log("first");
    }
  `;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 60 }), async (delayMs) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill("SIGKILL");
      await once(child, "exit");
      const content = readFileSync(path, "latin1");
      assert.equal(content.length, size);
      assert.equal(content, content.charAt(0).repeat(size));
    }),
    { numRuns: 40 },
  );
  removeLeftovers(join(path, ".."));
  assert.deepEqual(readdirSync(join(path, "..")), ["file"]);
});

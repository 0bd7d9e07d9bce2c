import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { checkTree, diffTree } from "../../src/apply/drift.js";
import { readTree, writeTree } from "../../src/apply/render-tree.js";
import type { RenderedTree } from "../../src/plan/types.js";
import { parseManifest, sha256 } from "../../src/apply/manifest.js";
import { temporaryFolder } from "../support/fake-machine.js";

function tree(text: string): RenderedTree {
  return {
    digest: sha256(text),
    files: [
      { path: "scripts/main/down", content: "#!/bin/sh\n", executable: true, wiring: false },
      { path: "web/nginx.conf", content: `${text}\n`, executable: false, wiring: true },
    ],
  };
}

const write = (output: string, text: string) => writeTree(output, tree(text), "spec-sum", "0.1.0");

test("a tree is written beside the output, which becomes a symlink to it", () => {
  const output = join(temporaryFolder(), "deep/rendered");
  const { folder, written } = write(output, "one");
  assert.equal(written, true);
  assert.equal(folder, `${output}.${sha256("one").slice(0, 12)}`);
  assert.equal(readlinkSync(output), `rendered.${sha256("one").slice(0, 12)}`);
  assert.equal(readFileSync(join(output, "web/nginx.conf"), "utf8"), "one\n");
  assert.equal(statSync(join(output, "scripts/main/down")).mode & 0o777, 0o755);
  assert.equal(statSync(join(output, "web/nginx.conf")).mode & 0o777, 0o644);
  const manifest = parseManifest(readFileSync(join(output, "manifest.json"), "utf8"));
  assert.ok(manifest);
  assert.deepEqual(
    [manifest.schema, manifest.digest, manifest.spec_sha256],
    ["fence/manifest@1", sha256("one"), "spec-sum"],
  );
  assert.equal(manifest.files["web/nginx.conf"], sha256("one\n"));
});

test("the same tree is not written twice; one that was edited by hand is written anew", () => {
  const output = join(temporaryFolder(), "rendered");
  write(output, "one");
  assert.equal(write(output, "one").written, false);
  writeFileSync(join(output, "web/nginx.conf"), "edited");
  const { folder, written } = write(output, "one");
  assert.equal(written, true);
  assert.ok(folder.endsWith(".2"));
  assert.equal(readFileSync(join(output, "web/nginx.conf"), "utf8"), "one\n");
});

test("the tree before stays, older ones and leftovers go, strangers stay", () => {
  const folder = temporaryFolder();
  const output = join(folder, "rendered");
  mkdirSync(join(folder, "rendered.0123456789ab"));
  writeFileSync(join(folder, "rendered.txt"), "");
  mkdirSync(join(folder, ".fence-999999999-1-0123456789ab.tmp"));
  for (const text of ["one", "two", "three"]) write(output, text);
  const name = (text: string): string => `rendered.${sha256(text).slice(0, 12)}`;
  assert.deepEqual(
    readdirSync(folder).sort(),
    ["rendered", "rendered.0123456789ab", "rendered.txt", name("two"), name("three")].sort(),
  );
});

test("what a killed fence has left goes, too, when the tree is as it should be", () => {
  const folder = temporaryFolder();
  const output = join(folder, "rendered");
  write(output, "one");
  mkdirSync(join(folder, ".fence-999999999-1-0123456789ab.tmp"));
  assert.equal(write(output, "one").written, false);
  assert.equal(
    readdirSync(folder).some((name) => name.includes(".fence-")),
    false,
  );
});

test("a folder, a symlink or a file that is not of fence is refused and left alone", () => {
  const folder = temporaryFolder();
  const output = join(folder, "rendered");
  mkdirSync(output);
  writeFileSync(join(output, "precious"), "x");
  assert.throws(() => write(output, "one"), { code: "output-not-ours" });
  assert.equal(readFileSync(join(output, "precious"), "utf8"), "x");
  rmSync(output, { recursive: true });
  mkdirSync(join(folder, "elsewhere"));
  symlinkSync("elsewhere", output);
  assert.throws(() => write(output, "one"), { code: "output-not-ours" });
  rmSync(output);
  writeFileSync(output, "file");
  assert.throws(() => write(output, "one"), { code: "output-not-ours" });
  assert.deepEqual(readdirSync(folder).sort(), ["elsewhere", "rendered"]);
});

test("an empty folder, a dangling symlink and a plain copy of a tree give way", () => {
  const folder = temporaryFolder();
  const output = join(folder, "rendered");
  mkdirSync(output);
  write(output, "one");
  const copy = join(folder, "copied");
  cpSync(output, copy, { recursive: true, dereference: true });
  if (lstatSync(copy).isSymbolicLink()) spawnSync("cp", ["-rL", "--remove-destination", output, copy]);
  assert.ok(existsSync(join(copy, "manifest.json")));
  write(copy, "two");
  assert.ok(lstatSync(copy).isSymbolicLink());
  assert.equal(readFileSync(join(copy, "web/nginx.conf"), "utf8"), "two\n");
  const dangling = join(folder, "dangling");
  symlinkSync("nowhere", dangling);
  write(dangling, "three");
  assert.equal(readFileSync(join(dangling, "web/nginx.conf"), "utf8"), "three\n");
});

test("an output whose parent is a file is told as not writable", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  assert.throws(() => write(join(folder, "file/rendered"), "one"), { code: "output-not-writable" });
});

test("drift names what is missing, extra, edited, of another mode, and outdated", () => {
  const output = join(temporaryFolder(), "rendered");
  assert.deepEqual(
    checkTree(output, tree("one")).map(({ kind }) => kind),
    ["missing", "missing"],
  );
  write(output, "one");
  assert.deepEqual(checkTree(output, tree("one")), []);
  assert.deepEqual(checkTree(output, tree("two")), [{ path: "web/nginx.conf", kind: "outdated" }]);
  chmodSync(join(output, "scripts/main/down"), 0o644);
  writeFileSync(join(output, "web/nginx.conf"), "edited");
  writeFileSync(join(output, "web/extra"), "");
  assert.deepEqual(checkTree(output, tree("one")), [
    { path: "scripts/main/down", kind: "mode" },
    { path: "web/extra", kind: "extra" },
    { path: "web/nginx.conf", kind: "edited" },
  ]);
  rmSync(join(output, "web"), { recursive: true });
  assert.deepEqual(checkTree(output, tree("one"))[1], { path: "web/nginx.conf", kind: "missing" });
});

test("the diff of two trees is one that patch can apply", () => {
  const folder = temporaryFolder();
  const output = join(folder, "rendered");
  write(output, "one");
  const before = readTree(output)?.files ?? [];
  const after = [
    ...tree("two").files,
    { path: "web/new.conf", content: "new\n", executable: false, wiring: true },
  ];
  const text = diffTree(
    before,
    after.filter(({ path }) => path !== "scripts/main/down"),
  );
  assert.match(
    text,
    /--- a\/web\/nginx.conf\t?\n\+\+\+ b\/web\/nginx.conf\t?\n@@ -1,1 \+1,1 @@\n-one\n\+two\n/,
  );
  assert.match(text, /--- \/dev\/null/);
  assert.match(text, /\+\+\+ \/dev\/null/);
  assert.equal(diffTree(before, before), "");
});

test("a tree that another fence has written and not yet pointed to stays", () => {
  const output = join(temporaryFolder(), "rendered");
  write(output, "one");
  const { folder } = write(output, "two");
  write(output, "one");
  // As left by a fence that is stopped between the two: newer than the tree in force.
  const now = new Date();
  utimesSync(folder, now, now);
  write(output, "three");
  assert.ok(existsSync(folder));
  write(output, "four");
  write(output, "five");
  assert.equal(existsSync(folder), false);
});

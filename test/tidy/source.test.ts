import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { SERVER_KINDS } from "../../src/spec/types.js";
import { filesBelow, linesThatMatch, read, ROOT } from "./project.js";

const FILE_LINES_MAX = 300;
/** Template folders that belong to no kind of a spec: what is for the host itself, the gate, shells and the page. */
const OTHER_TEMPLATE_FOLDERS = ["host", "gate", "completion", "page"];

test("every template lies in the folder of a server kind", () => {
  const folders = new Set(filesBelow("templates").map((file) => file.split("/")[1]));
  const known: readonly (string | undefined)[] = [...SERVER_KINDS, ...OTHER_TEMPLATE_FOLDERS];
  assert.deepEqual(
    [...folders].filter((folder) => !known.includes(folder)),
    [],
  );
});

test(`no file of src has more than ${FILE_LINES_MAX} lines`, () => {
  const long = filesBelow("src").filter((file) => read(file).split("\n").length > FILE_LINES_MAX + 1);
  assert.deepEqual(long, []);
});

test("nothing runs a shell or evaluates text as code", () => {
  const sources = [...filesBelow("src"), ...filesBelow("bin"), ...filesBelow("bench")];
  const pattern = /(?<![.\w])exec(Sync)?\(|\bshell:\s*(true|["'])|(?<![.\w])eval\(|new Function\(/;
  assert.deepEqual(linesThatMatch(sources, pattern), []);
});

test("the project names no package host, no tracker number and no folder of the machine it was written on", () => {
  const files = filesBelow(".").filter((file) => file !== "test/tidy/source.test.ts");
  const hosts =
    /\bregistry\.[a-z0-9-]+\.[a-z]{2,}\b|"resolved": "http|\b(deb|ftp|security)\.[a-z]+\.(org|com)\b/;
  assert.deepEqual(linesThatMatch(files, hosts), [], "package hosts");
  assert.deepEqual(linesThatMatch(files, /\b(issue|session|ticket) #?\d+/i), [], "tracker numbers");
  const escaped = [ROOT, path.dirname(ROOT)]
    .filter((folder) => folder.split("/").length > 1 && folder !== "/" && folder !== "/tmp")
    .map((folder) => folder.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\w.])(${escaped.join("|")})/`);
  assert.deepEqual(linesThatMatch(files, pattern), [], "folders of this machine");
});

test("every version in package.json is exact", () => {
  const manifest = JSON.parse(read("package.json")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  assert.deepEqual(
    versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
});

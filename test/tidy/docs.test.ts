import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ERROR_CODES } from "../../src/base/errors.js";
import { EXIT } from "../../src/base/exit.js";
import { ENVIRONMENT, ENVIRONMENT_TOLD } from "../../src/cli/environment.js";
import { specReference } from "../../src/spec/reference.js";
import { filesBelow, read, ROOT } from "./project.js";

test("every path that ARCHITECTURE.md and the documents of evidence name exists", () => {
  const named = [
    ...["ARCHITECTURE.md", "docs/evidence.md", "docs/threat-model.md"]
      .map(read)
      .join("")
      .matchAll(/`((?:\.ci|bench|bin|docs|snapshots|src|templates|test)\/[^`\s]*)`/g),
  ];
  assert.ok(named.length > 20, "the codemap names the rooms");
  // `snapshots/<case>` stands for many: what comes before it must exist
  const gone = named
    .map(([, name = ""]) => name.replace(/[<*{].*$/, ""))
    .filter((name) => !existsSync(path.join(ROOT, name)));
  assert.deepEqual(gone, []);
});

test("ARCHITECTURE.md fits in 150 lines and names every room of src", () => {
  const text = read("ARCHITECTURE.md");
  assert.ok(text.split("\n").length <= 151);
  const rooms = new Set(filesBelow("src").map((file) => file.split("/")[1]));
  assert.deepEqual(
    [...rooms].filter((room) => !text.includes(`\`src/${room}`)),
    [],
  );
});

test("every link between the project's documents leads to a file", () => {
  const documents = filesBelow(".").filter((file) => file.endsWith(".md"));
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(path.join(ROOT, path.dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("docs/errors.md explains every error code, with the exit code that it ends with, and no other", () => {
  const rows = new Map(
    [...read("docs/errors.md").matchAll(/^\| `([a-z-]+)` +\| +(\d+) +\|/gm)].map(
      ([, code = "", exit = ""]) => [code, Number(exit)],
    ),
  );
  const wanted = new Map(Object.entries(ERROR_CODES).map(([code, exit]) => [code, EXIT[exit]]));
  assert.deepEqual([...rows].sort(), [...wanted].sort());
});

test("every error code is expected by some test or snapshot", () => {
  const tests = [...filesBelow("test").filter((file) => file.endsWith(".ts")), ...filesBelow("snapshots")]
    .filter((file) => !file.startsWith("test/tidy/"))
    .map(read)
    .join("\n");
  assert.deepEqual(
    Object.keys(ERROR_CODES).filter((code) => !new RegExp(`["'\`\\[ ]${code}["'\`\\] ,]`).test(tests)),
    [],
  );
});

test("docs/exit-codes.md has a row for every exit code and no other", () => {
  const rows = [...read("docs/exit-codes.md").matchAll(/^\| +(\d+) +\|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(rows, Object.values(EXIT));
});

test("docs/environment.md and fence help environment tell of every variable, and of no other", () => {
  const document = read("docs/environment.md");
  const rows = [...document.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, [...Object.keys(ENVIRONMENT), ...Object.keys(ENVIRONMENT_TOLD)]);
  const folders = ["src", "bin", "bench", "examples", "test"].flatMap(filesBelow);
  const sources = folders
    .filter((file) => !file.startsWith("test/tidy/"))
    .map(read)
    .join("\n");
  const used = new Set(sources.match(/(?<![A-Z_])FENCE_[A-Z_]+/g));
  assert.ok(used.size > 30);
  assert.deepEqual(
    [...used].filter((name) => !document.includes(`\`${name}\``)),
    [],
  );
  const told = new Set(document.match(/(?<![A-Z_])FENCE_[A-Z_]+/g));
  assert.deepEqual(
    [...told].filter((name) => !used.has(name)),
    [],
  );
});

test("docs/dependencies.md has a row for every run-time dependency and no other", () => {
  const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const rows = [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` +\| run time +\|/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(rows.sort(), Object.keys(manifest.dependencies).sort());
});

test("docs/spec.md is what the schema says (UPDATE=1 writes it anew)", () => {
  if (process.env["UPDATE"] === "1") writeFileSync(path.join(ROOT, "docs/spec.md"), specReference());
  assert.equal(read("docs/spec.md"), specReference());
});

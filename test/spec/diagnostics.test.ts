import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatDiagnostics } from "../../src/base/diagnostics.js";
import { FenceError } from "../../src/base/errors.js";
import { parseSpec } from "../../src/spec/parse.js";

/** snapshots/diagnostics/<case>.toml → <case>.txt, all that is said of it. `UPDATE=1` rewrites the texts. */
const FOLDER = fileURLToPath(new URL("../../../snapshots/diagnostics", import.meta.url));
const UPDATE = process.env["UPDATE"] === "1";
const cases = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".toml"))
  .sort();

/** The one page that exists in every case. */
function readPage(path: string): string {
  if (path === "/etc/fence/maintenance.html") return "<!doctype html>";
  throw new Error("there is no such file");
}

function diagnosticsOf(toml: string): string {
  try {
    parseSpec(toml, "/etc/fence/fence.toml", readPage);
  } catch (error) {
    if (!(error instanceof FenceError)) throw error;
    assert.equal(error.code, "spec-invalid");
    return `${formatDiagnostics(error.diagnostics, { nameOf: basename })}\n${basename(error.message)}\n`;
  }
  return "valid\n";
}

describe("Everything that is wrong with a spec is said at once, at its place, with why and fix", () => {
  assert.ok(cases.length >= 30, "the cases are there");
  for (const file of cases) {
    test(basename(file, ".toml").replaceAll("-", " "), () => {
      const actual = diagnosticsOf(readFileSync(join(FOLDER, file), "utf8"));
      const expectedFile = join(FOLDER, file.replace(/\.toml$/, ".txt"));
      if (UPDATE) writeFileSync(expectedFile, actual);
      assert.equal(actual, readFileSync(expectedFile, "utf8"));
    });
  }
});

test("Every expected text belongs to a case", () => {
  const texts = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
  assert.deepEqual(texts.sort(), cases.map((name) => name.replace(/\.toml$/, ".txt")).sort());
});

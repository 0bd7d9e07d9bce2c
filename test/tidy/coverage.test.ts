import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const BUILD = fileURLToPath(new URL("../../", import.meta.url));

/** What must not have a branch that no test of these folders has taken: what keeps a change whole, and what strangers write. */
const COVERED = [
  /^src\/switch\/(?:commit|journal|lock)\.js$/,
  /^src\/proxy\/wire\//,
  /^src\/proxy\/static\/(?:conditions|locations|named-file)\.js$/,
  /^src\/proxy\/cgi\/(?:byte-path|cgi-head|fastcgi-decoder|fastcgi-records|keep-rule|scgi-codec|script-path|uwsgi-codec)\.js$/,
  /^src\/spec\/path-rules\.js$/,
];
const TESTS = ["test/switch", "test/proxy/wire", "test/proxy/static", "test/proxy/cgi", "test/spec"];
/** Whole specs, of which no branch is looked at here. */
const LEFT_OUT = /^(?:mutations|generated|diagnostics)\.test\.js$/;

/** Lines of lcov: a file, and branches of it with how often each was taken. */
function branchesNotTaken(report: string): { files: Set<string>; missed: string[] } {
  const files = new Set<string>();
  const missed: string[] = [];
  let source: string[] = [];
  let file = "";
  for (const line of report.split("\n")) {
    if (line.startsWith("SF:")) {
      const path = resolve(BUILD, "..", line.slice(3));
      file = relative(BUILD, path);
      source = COVERED.some((pattern) => pattern.test(file)) ? readFileSync(path, "utf8").split("\n") : [];
      if (source.length > 0) files.add(file);
    }
    const [, at, count] = /^BRDA:(\d+),\d+,\d+,(\d+|-)$/.exec(line) ?? [];
    if (source.length > 0 && (count === "0" || count === "-"))
      missed.push(`${file}:${at}: ${source[Number(at) - 1]?.trim()}`);
  }
  return { files, missed };
}

test("each branch of commit, lock, journal, parsers and path resolvers is taken by a test", () => {
  const folder = mkdtempSync(join(tmpdir(), "fence-coverage-"));
  const report = join(folder, "lcov.info");
  const tests = TESTS.flatMap((room) =>
    readdirSync(join(BUILD, room), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.js") && !LEFT_OUT.test(name))
      .map((name) => join(BUILD, room, name)),
  );
  const options = ["--test", "--experimental-test-coverage", "--test-reporter=lcov"];
  // A test runner inside a test would report to the outer one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { status, stderr } = spawnSync(
    process.execPath,
    [...options, `--test-reporter-destination=${report}`, ...tests],
    { cwd: join(BUILD, ".."), encoding: "utf8", env },
  );
  const { files, missed } = branchesNotTaken(readFileSync(report, "utf8"));
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
  assert.ok(files.size > 30, `only ${files.size} files were looked at`);
  assert.deepEqual(missed, []);
});

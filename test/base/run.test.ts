import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { waitUntil } from "../../src/base/clock.js";
import { processInfo } from "../../src/base/process-info.js";
import { findProgram, run } from "../../src/base/run.js";
import { temporaryFolder } from "../support/fake-machine.js";

test("a program's exit code and both outputs are told", async () => {
  const result = await run("sh", ["-c", "echo out; echo err >&2; exit 3"], { timeoutMs: 10_000 });
  assert.deepEqual(
    [result.exitCode, result.stdout, result.stderr, result.timedOut],
    [3, "out\n", "err\n", false],
  );
});

test("a missing program is a result, not an exception", async () => {
  const result = await run("no-such-program", [], { timeoutMs: 1000 });
  assert.equal(result.startError, "ENOENT");
  assert.equal(findProgram("./sh"), null);
});

test("arguments reach the program as they are: there is no shell", async () => {
  const result = await run("printf", ["%s", "$(id) `id` ; *"], { timeoutMs: 10_000 });
  assert.equal(result.stdout, "$(id) `id` ; *");
});

test("the environment holds only what is allowed", async () => {
  process.env["NODE_OPTIONS_TEST"] = "x";
  const result = await run("env", [], { timeoutMs: 10_000 });
  const names = result.stdout
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  assert.ok(
    names.every((name) => ["PATH", "LANG", "LC_ALL", "TZ", "PWD", "SHLVL", "_"].includes(name ?? "")),
    result.stdout,
  );
});

test("at the timeout the whole group is killed", async () => {
  const file = join(temporaryFolder(), "pid");
  const result = await run("sh", ["-c", `sleep 600 & echo $! > ${file}; wait`], { timeoutMs: 500 });
  assert.equal(result.timedOut, true);
  assert.equal(result.exitCode, null);
  assert.ok(existsSync(file));
  const pid = Number(readFileSync(file, "utf8"));
  const gone = await waitUntil(() => (["Z", undefined].includes(processInfo(pid)?.state) ? true : null), {
    timeoutMs: 10_000,
    intervalMs: 10,
  });
  assert.equal(gone, true);
});

test("a grandchild that keeps the output open does not keep the result back", async () => {
  const result = await run("sh", ["-c", "sleep 5 & echo done"], { timeoutMs: 60_000 });
  assert.equal(result.exitCode, 0);
  assert.equal(result.stdout, "done\n");
  assert.ok(result.tookMs < 4500, String(result.tookMs));
});

test("output beyond the limit is dropped", async () => {
  const result = await run("sh", ["-c", "head -c 1000000 /dev/zero"], { timeoutMs: 10_000 });
  assert.equal(result.stdout.length, 256 * 1024);
  assert.equal(result.truncated, true);
  const more = await run("sh", ["-c", "head -c 1000000 /dev/zero"], {
    timeoutMs: 10_000,
    outputBytesMax: 1_000_000,
  });
  assert.equal(more.stdout.length, 1_000_000);
  assert.equal(more.truncated, false);
});

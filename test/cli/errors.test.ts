import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fence, FENCE, runProgram } from "./run-fence.js";

describe("usage errors", () => {
  const cases: [string, string[], RegExp][] = [
    ["a mistyped command is suggested", ["stauts"], /unknown command 'stauts'\n +.*status/],
    ["a mistyped option is suggested", ["down", "--relaod"], /unknown option '--relaod'/],
    ["a missing argument is named", ["is"], /missing required argument 'mode'/],
    [
      "an unknown mode is answered with the modes",
      ["is", "dwn"],
      /did you mean down\? the modes are up, down, hold/,
    ],
    [
      "a duration without a unit is refused",
      ["down", "--for", "5"],
      /--for .* argument '5' is invalid.*unit/,
    ],
    [
      "a long value is not repeated in full",
      ["down", "--message", `two\nlines ${"x".repeat(5000)}`],
      /--message .* argument 'two lines x{40,60}…' is invalid. It may have at most/,
    ],
    [
      "--for and --until exclude each other",
      ["down", "--for", "5m", "--until", "2099-01-01T00:00:00Z"],
      /cannot be used with/,
    ],
    [
      "an unknown kind is answered with the kinds",
      ["init", "--kind", "apache"],
      /lighttpd, nginx-lua, nginx/,
    ],
    ["too many arguments are refused", ["doctor", "main"], /too many arguments/],
    [
      "a folder of -C that is not there is named",
      ["-C", "/nowhere/at/all", "status"],
      /cannot go to the folder \/nowhere\/at\/all/,
    ],
  ];
  for (const [title, args, expected] of cases) {
    test(`${title}: exit 64, nothing on stdout`, async () => {
      const { code, stdout, stderr } = await fence(args);
      assert.match(stderr, expected);
      assert.match(stderr, /^fence: .*\n/);
      assert.match(stderr, /\(usage, exit 64\)\n$/);
      assert.equal(stdout, "");
      assert.equal(code, 64);
    });
  }

  test("with --json it is one object on stderr", async () => {
    for (const args of [
      ["--json", "stauts"],
      ["down", "--json", "--for", "5"],
    ]) {
      const { code, stdout, stderr } = await fence(args);
      const object = JSON.parse(stderr) as Record<string, unknown>;
      assert.equal(object["schema"], "fence/error@1");
      assert.equal(object["code"], "usage");
      assert.equal(object["exit"], 64);
      assert.equal(typeof object["message"], "string");
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.equal(stdout, "");
      assert.equal(code, 64);
    }
  });

  test("FENCE_JSON asks for the same, and 0 does not", async () => {
    assert.match(
      (await fence(["stauts"], { env: { FENCE_JSON: "1" } })).stderr,
      /^\{"schema":"fence\/error@1"/,
    );
    assert.match((await fence(["stauts"], { env: { FENCE_JSON: "0" } })).stderr, /^fence: /);
  });
});

describe("streams", () => {
  test("errors have no colour without a terminal, some with FORCE_COLOR, none with --no-color", async () => {
    assert.doesNotMatch((await fence(["stauts"])).stderr, /\u001b/);
    assert.match((await fence(["stauts"], { env: { FORCE_COLOR: "1" } })).stderr, /\u001b\[31mfence:/);
    assert.doesNotMatch(
      (await fence(["stauts"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stderr,
      /\u001b/,
    );
    assert.doesNotMatch(
      (await fence(["--no-color", "stauts"], { env: { FORCE_COLOR: "1" } })).stderr,
      /\u001b/,
    );
  });

  test("a reader that goes away is no error", async () => {
    const script = `"$0" "$1" help | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await runProgram("/bin/bash", ["-c", script, process.execPath, FENCE]);
    assert.match(stdout, /^Usage: fence.*\n0\n$/);
    assert.equal(stderr, "");
  });

  test("a reader of stderr that goes away keeps the exit code", async () => {
    const script = `exec 3>&1; { "$0" "$1" nonsense 2>&1 >/dev/null; echo "$?" >&3; } | true`;
    const { stdout } = await runProgram("/bin/bash", ["-c", script, process.execPath, FENCE]);
    assert.equal(stdout, "64\n");
  });

  test("a stdout that is full is an error, not a success", async () => {
    const { code, stderr } = await runProgram("/bin/bash", [
      "-c",
      `exec "$0" "$1" help > /dev/full`,
      process.execPath,
      FENCE,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /cannot write to stdout: ENOSPC/);
  });
});

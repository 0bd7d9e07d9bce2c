import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { createProgram } from "../../src/cli/program.js";
import { fence, ROOT } from "./run-fence.js";

const program = createProgram(() => Promise.resolve());
const commands = program.commands.map((command) => command.name());

/** UPDATE=1 writes the snapshots anew; the difference is read in review. */
function assertSnapshot(name: string, text: string): void {
  const file = path.join(ROOT, "snapshots/help", `${name}.txt`);
  if (process.env["UPDATE"] === "1") writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}

describe("help", () => {
  test("fence --help is what its snapshot says, on stdout, with exit code 0", async () => {
    const { code, stdout, stderr } = await fence(["--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assertSnapshot("fence", stdout);
  });

  for (const name of commands) {
    test(`fence ${name} --help is what its snapshot says`, async () => {
      const { code, stdout, stderr } = await fence([name, "--help"]);
      assert.equal(code, 0);
      assert.equal(stderr, "");
      assertSnapshot(name, stdout);
    });
  }

  for (const topic of ["exit-codes", "environment"]) {
    test(`fence help ${topic} is what its snapshot says`, async () => {
      const { code, stdout } = await fence(["help", topic]);
      assert.equal(code, 0);
      assertSnapshot(topic, stdout);
    });
  }

  test("every command has a description that ends as a sentence does, and an example", async () => {
    for (const name of commands) {
      const { stdout } = await fence(["help", name]);
      const [, description = ""] = stdout.split("\n\n");
      assert.match(description, /[.]$/, name);
      assert.match(stdout, new RegExp(`^ {2}fence .*\\b${name}\\b|&& fence ${name}`, "m"), name);
    }
  });

  test("no line of any help is wider than 80 columns", async () => {
    for (const topic of [...commands, "exit-codes", "environment"]) {
      const { stdout } = await fence(["help", topic]);
      assert.deepEqual(
        stdout.split("\n").filter((line) => line.length > 80),
        [],
        topic,
      );
    }
  });

  test("fence without a command shows the help on stderr and ends with 64", async () => {
    const { code, stdout, stderr } = await fence([]);
    assert.equal(code, 64);
    assert.equal(stdout, "");
    assert.match(stderr, /^Usage: fence/);
  });

  test("fence help on an unknown topic suggests the nearest", async () => {
    const { code, stdout, stderr } = await fence(["help", "exit-code"]);
    assert.equal(code, 64);
    assert.equal(stdout, "");
    assert.match(stderr, /did you mean exit-codes\?/);
  });
});

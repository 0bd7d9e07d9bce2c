import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { createProgram } from "../../src/cli/program.js";
import { documented, manPage, pageName } from "../../src/cli/man-page.js";
import { needs } from "../support/needs.js";
import { fence, inFolder, runProgram } from "./run-fence.js";

const program = createProgram(() => Promise.resolve());
const pages = documented(program).map((command) => ({
  name: pageName(program, command),
  text: manPage(program, command, "1.2.3"),
  command,
}));

/** The pages have no date: the same fence writes the same bytes. */
const MISSING_DATE = /WARNING: missing date/;

describe("manual pages", () => {
  test("mandoc finds no fault in any page", needs("mandoc"), async () => {
    await inFolder(async (folder) => {
      const written = await fence(["man", "--out", folder]);
      assert.equal(written.code, 0, written.stderr);
      const files = readdirSync(folder).map((file) => path.join(folder, file));
      assert.equal(files.length, pages.length);
      assert.equal(written.stdout.trimEnd().split("\n").length, files.length);
      const { stdout } = await runProgram("mandoc", ["-Tlint", ...files]);
      const faults = stdout.split("\n").filter((line) => line !== "" && !MISSING_DATE.test(line));
      assert.deepEqual(faults, []);
    });
  });

  test("a reader sees every flag and every example of the command", needs("mandoc"), async () => {
    await inFolder(async (folder) => {
      await fence(["man", "--out", folder]);
      for (const { name, command } of pages) {
        const { stdout } = await runProgram("mandoc", ["-Tutf8", path.join(folder, `${name}.1`)]);
        // Overstrikes make bold; the rest is what stands on the screen.
        const shown = stdout.replaceAll(/.\x08/gu, "").replaceAll(/\s+/g, " ");
        for (const { flags } of command.options.filter((option) => !option.hidden))
          assert.ok(shown.includes(flags), `${name}: ${flags}`);
      }
    });
  });

  test("the page of fence lists every command and every exit code", () => {
    const [{ text } = { text: "" }] = pages;
    for (const { name } of pages.slice(1))
      assert.ok(text.includes(`.BR ${name.replaceAll("-", "\\-")} (1)`), name);
    assert.match(text, /\.B 64\nthe command line is wrong/);
  });

  test("text that roff would take for a request is printed", () => {
    for (const { text } of pages)
      for (const line of text.split("\n").filter((one) => /^[.']/.test(one)))
        assert.match(line, /^\.(TH|SH|TP|PP|B|BR|nf|fi)( |$)/);
  });

  test("fence man prints one page, and suggests the nearest for a command that there is not", async () => {
    const page = await fence(["man", "down"]);
    assert.equal(page.code, 0);
    assert.match(page.stdout, /^\.TH "FENCE\\-DOWN" 1/);
    const wrong = await fence(["man", "donw"]);
    assert.equal(wrong.code, 64);
    assert.match(wrong.stderr, /did you mean down\?/);
  });

  test("a folder that is not there is an error, and is not made", async () => {
    await inFolder(async (folder) => {
      const { code, stderr } = await fence(["man", "--out", path.join(folder, "none")]);
      assert.notEqual(code, 0);
      assert.match(stderr, /none/);
      assert.throws(() => readFileSync(path.join(folder, "none")), /ENOENT/);
    });
  });
});

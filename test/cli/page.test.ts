import assert from "node:assert/strict";
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { until } from "../support/world.js";
import { assertFails, fence, inFolder } from "./run-fence.js";
import { writeSpec } from "./spec-fixture.js";

const MAINTENANCE = "\n[site.main.maintenance]\n";

describe("fence page", () => {
  test("prints the page, and on stderr how large it is", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      const { code, stdout, stderr } = await fence(["-c", file, "page", "--message", "soon <back>"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^<!doctype html>\n<html lang="en" dir="ltr">[^]*<p>soon &lt;back&gt;<\/p>/);
      const [, page = "", brotli = "", answer = ""] =
        /^the page: (\d+) bytes\ncompressed \(brotli\): (\d+) bytes\nthe whole answer: (\d+) bytes\n$/.exec(
          stderr,
        ) ?? [];
      assert.equal(Number(page), Buffer.byteLength(stdout));
      assert.ok(Number(brotli) < Number(page) && Number(page) < Number(answer), stderr);
    });
  });

  test("speaks the language that is asked for, and knows no other", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      const arabic = await fence(["-c", file, "page", "main", "--locale", "AR", "--for", "20m"]);
      assert.match(arabic.stdout, /<html lang="ar" dir="rtl">[^]*<time datetime="20\d\d-[^"]*Z"/);
      const unknown = await fence(["-c", file, "page", "--locale", "sv"]);
      assertFails(unknown, "usage", 64);
      assert.match(unknown.stderr, /its languages are en, de, fr, es, it, pt, nl, pl, ja, zh, ar/);
    });
  });

  test("tells the sizes as JSON, and which of them is over what it should be", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      writeFileSync(path.join(folder, "own.html"), "x".repeat(20_000));
      appendFileSync(file, `${MAINTENANCE}page = "own.html"\n`);
      const { stdout } = await fence(["-c", file, "page", "--json"]);
      const told = JSON.parse(stdout) as { schema: string; languages: string[]; bytes: { page: number } };
      assert.deepEqual([told.schema, told.languages, told.bytes.page], ["fence/page@1", [], 20_000]);
      const { stderr } = await fence(["-c", file, "page"]);
      assert.match(stderr, /the page: 20000 bytes, over the 4096 that it should stay below/);
    });
  });

  test("--open writes a file and has BROWSER open it; without one it says where the file is", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      const browser = path.join(folder, "browser");
      writeFileSync(browser, `#!/bin/sh\ncp "$1" ${path.join(folder, "opened")}\n`);
      chmodSync(browser, 0o755);
      const opened = await fence(["-c", file, "page", "--open"], { env: { BROWSER: browser } });
      assert.equal(opened.code, 0, opened.stderr);
      const written = readFileSync(opened.stdout.trim(), "utf8");
      await until("the browser has it", () => {
        try {
          return readFileSync(path.join(folder, "opened"), "utf8") === written;
        } catch {
          return false;
        }
      });
      const none = await fence(["-c", file, "page", "--open"], { env: { BROWSER: "/nonexistent/browser" } });
      assertFails(none, "no-browser", 1);
      assert.match(none.stderr, /main\.html is written, but there is no program \/nonexistent\/browser/);
    });
  });

  test("a template that is wrong is refused by fence check, with its line, before any switch", async () => {
    await inFolder(async (folder) => {
      const file = writeSpec(folder);
      const template = path.join(folder, "own.hbs");
      appendFileSync(file, `${MAINTENANCE}page = "own.hbs"\nlanguages = ["de"]\n`);
      writeFileSync(template, "<p>\n{{titel}}\n");
      for (const command of [["check"], ["page"]]) {
        const ended = await fence(["-c", file, ...command]);
        assertFails(ended, "page-invalid", 78);
        assert.match(ended.stderr, /own\.hbs:2:3: "titel" not defined/);
      }
      writeFileSync(template, "<p>{{text.again}}</p>\n");
      assert.equal((await fence(["-c", file, "page"])).stdout, "<p>Erneut versuchen</p>\n");
    });
  });
});

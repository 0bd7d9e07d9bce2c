import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFails, fence, inFolder } from "./run-fence.js";
import { writeSpec } from "./spec-fixture.js";

test("fence tui without a terminal ends with 64 and names what prints lines", async () => {
  await inFolder(async (folder) => {
    const ended = await fence(["-c", writeSpec(folder), "tui"]);
    assertFails(ended, "usage", 64);
    assert.match(ended.stderr, /there is none\n {2}fence status --watch prints a line .*--json/);
    assert.equal(ended.stdout, "");
  });
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { FileError } from "../../src/base/file-error.js";
import { commit } from "../../src/switch/commit.js";
import { planOf, temporaryFolder } from "../support/fake-machine.js";

test("a generation that is not there is not put in force", () => {
  for (const point of planOf(temporaryFolder()).switchPoints.filter(({ form }) => form === "file")) {
    assert.throws(
      () => commit(point, 7),
      (error) => error instanceof FileError && error.errno === "ENOENT",
    );
    assert.equal(existsSync(point.active), false);
  }
});

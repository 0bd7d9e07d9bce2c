import assert from "node:assert/strict";
import { test } from "node:test";
import { FenceError } from "../../src/base/errors.js";
import { FileError, NotDurable } from "../../src/base/file-error.js";
import { stateFailure } from "../../src/switch/failure.js";

const failed = (errno: string): NodeJS.ErrnoException =>
  Object.assign(new Error(errno), { code: errno, path: "/s" });

function told(error: unknown): FenceError {
  const failure = stateFailure(error);
  assert.ok(failure instanceof FenceError);
  return failure;
}

test("a state folder that fence may not write is a matter of permission, a full one is a failure", () => {
  for (const errno of ["EACCES", "EPERM", "EROFS"]) {
    const { code, exit } = told(new FileError("create", "/s/lock", failed(errno)));
    assert.deepEqual([code, exit], ["state-not-writable", "permission"]);
  }
  for (const errno of ["ENOSPC", "EIO", "EMFILE"]) {
    const { code, exit, hint } = told(new FileError("write", "/s/lock", failed(errno)));
    assert.deepEqual([code, exit], ["state-not-writable", "failed"]);
    assert.ok(hint);
  }
});

test("what the disk has not confirmed is told as not durable", () => {
  const { code, exit, message } = told(new NotDurable("/s/journal.json", failed("EIO")));
  assert.deepEqual([code, exit], ["not-durable", "unproven"]);
  assert.match(message, /^\/s\/journal\.json is changed, but .* could not be synced to the disk: EIO/);
});

test("anything else is passed on as it is", () => {
  const error = new TypeError("a mistake of ours");
  assert.equal(stateFailure(error), error);
});

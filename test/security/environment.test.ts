import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { needs } from "../support/needs.js";
import { createWorld } from "../support/world.js";

const SECRETS = {
  DEPLOY_TOKEN: "s3cret-of-the-shell",
  AWS_SECRET_ACCESS_KEY: "s3cret",
  LD_DEBUG_OUTPUT: "/tmp/x",
};
/** What tunes Node, where bodies are kept, what every program gets, and Node's own channel to its parent. */
const ALLOWED =
  /^(PATH|LANG|LC_ALL|TZ|TMPDIR|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|UV_THREADPOOL_SIZE|NODE_CHANNEL_FD|NODE_CHANNEL_SERIALIZATION_MODE)$/;

test("The workers of a proxy inherit no secret of whoever started it", needs("root"), async () => {
  Object.assign(process.env, SECRETS);
  const world = await createWorld({ kind: "proxy", serverLines: "workers = 2" });
  try {
    assert.equal((await world.fence("apply")).code, 0);
    await world.start();
    const workers = childrenOf(world.masterPid());
    assert.equal(workers.length, 2);
    for (const pid of workers) {
      const names = readFileSync(`/proc/${pid}/environ`, "latin1")
        .split("\0")
        .filter((pair) => pair !== "")
        .map((pair) => pair.replace(/=.*$/s, ""));
      assert.deepEqual(
        names.filter((name) => !ALLOWED.test(name)),
        [],
      );
    }
  } finally {
    for (const name of Object.keys(SECRETS)) Reflect.deleteProperty(process.env, name);
    await world.end();
  }
});

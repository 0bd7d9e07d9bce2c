import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { successorEnv, takeInherited } from "../../../src/proxy/process/inherited.js";

describe("descriptors that are passed on", () => {
  test("Those of systemd are taken when they are meant for this process, and once", () => {
    const env: NodeJS.ProcessEnv = { LISTEN_PID: "70", LISTEN_FDS: "2", LISTEN_FDNAMES: "a:b", HOME: "/" };
    assert.deepEqual(takeInherited(env, 70, 1), { fds: [3, 4], predecessor: null });
    assert.deepEqual(env, { HOME: "/" });
    assert.deepEqual(takeInherited(env, 70, 1), { fds: [], predecessor: null });
  });

  test("Those meant for another process, and a count that is none, are left alone", () => {
    for (const env of [
      { LISTEN_PID: "71", LISTEN_FDS: "2" },
      { LISTEN_FDS: "2" },
      { LISTEN_PID: "70", LISTEN_FDS: "-1" },
      { LISTEN_PID: "70", LISTEN_FDS: "2x" },
      { LISTEN_PID: "70" },
    ])
      assert.deepEqual(takeInherited({ ...env }, 70, 1).fds, [], JSON.stringify(env));
  });

  test("A predecessor is believed only as the parent", () => {
    const env = successorEnv({ HOME: "/" }, ["127.0.0.1:80", "[::]:80"]);
    assert.equal(env["LISTEN_FDS"], "2");
    assert.equal(env["LISTEN_FDNAMES"]?.split(":").length, 2);
    assert.deepEqual(takeInherited({ ...env }, 99, process.pid), { fds: [3, 4], predecessor: process.pid });
    assert.deepEqual(takeInherited({ ...env }, 99, 1), { fds: [], predecessor: null });
  });
});

import assert from "node:assert/strict";
import childProcess from "node:child_process";
import fs, { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { FenceError } from "../../src/base/errors.js";
import { lockHolder, takeLock } from "../../src/switch/lock.js";
import { needs } from "../support/needs.js";
import { temporaryFolder } from "../support/fake-machine.js";

const options = { timeoutMs: 0, command: "fence test", since: "2026-01-01T00:00:00.000Z" };
const NOBODY = 65_534;

/** While a function of Node's is another one. */
async function replaced<M extends object>(
  module: M,
  change: Partial<M>,
  run: () => Promise<void>,
): Promise<void> {
  const before = Object.fromEntries(Object.keys(change).map((name) => [name, module[name as keyof M]]));
  Object.assign(module, change);
  syncBuiltinESMExports();
  try {
    await run();
  } finally {
    Object.assign(module, before);
    syncBuiltinESMExports();
  }
}

function fails(code: string, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof FenceError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

test("without the program flock nothing is locked, and fence says what to install", async () => {
  const accessSync = (): never => {
    throw new Error("ENOENT");
  };
  await replaced(fs, { accessSync }, async () => {
    await assert.rejects(takeLock(temporaryFolder(), options), fails("internal", /flock is missing/));
  });
});

test("a flock that cannot be run is told as that", async () => {
  const error = new Error("spawnSync ENOEXEC");
  const spawnSync = (() => ({ error })) as unknown as typeof childProcess.spawnSync;
  await replaced(childProcess, { spawnSync }, async () => {
    await assert.rejects(
      takeLock(temporaryFolder(), options),
      fails("internal", /cannot run .*flock: .*ENOEXEC/),
    );
  });
});

test("a state folder that cannot be made, or a lock that is none, is told before anything is done", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  await assert.rejects(takeLock(join(folder, "file/state"), options), fails("state-not-writable", /file/));
  mkdirSync(join(folder, "lock"));
  await assert.rejects(takeLock(folder, options), fails("state-not-writable", /lock/));
});

test("a lock file of another user that we may write to is good enough", needs("root"), async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "lock"), "");
  chmodSync(join(folder, "lock"), 0o666);
  chmodSync(folder, 0o777);
  process.seteuid?.(NOBODY);
  try {
    (await takeLock(folder, options)).release();
  } finally {
    process.seteuid?.(0);
  }
  assert.equal(fs.statSync(join(folder, "lock")).mode & 0o777, 0o666);
});

test("a full disk keeps nobody from the lock: only who holds it is not told, or told too long", async () => {
  const folder = temporaryFolder();
  const full = (): never => {
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  };
  await replaced(fs, { writeFileSync: full }, async () => {
    const lock = await takeLock(folder, options);
    assert.equal(lockHolder(folder), null);
    await assert.rejects(
      takeLock(folder, options),
      fails("lock-held", /^another fence holds the lock of \S+$/),
    );
    lock.release();
  });
  const lock = await takeLock(folder, options);
  await replaced(fs, { rmSync: full }, () => Promise.resolve(lock.release()));
  assert.match(readFileSync(join(folder, "lock.holder"), "utf8"), /fence test/);
  (await takeLock(folder, options)).release();
});

test("a text about the holder that is none names nobody", () => {
  const folder = temporaryFolder();
  for (const text of ["", "null", "{}", '{"pid":1}', '{"pid":"1","start":"1"}', '{"pid":1,"start":"0"}']) {
    writeFileSync(join(folder, "lock.holder"), text);
    assert.equal(lockHolder(folder), null, text);
  }
});

test("who waits for the lock can be stopped, and waits no longer than it was told", async () => {
  const folder = temporaryFolder();
  const lock = await takeLock(folder, options);
  const stop = new AbortController();
  const waits = {
    ...options,
    timeoutMs: 60_000,
    signal: stop.signal,
    onWait: () => void setImmediate(() => stop.abort(new Error("stop now"))),
  };
  await assert.rejects(takeLock(folder, waits), /stop now/);
  const short = { ...options, timeoutMs: 50, signal: new AbortController().signal };
  await assert.rejects(takeLock(folder, short), fails("lock-held", /waited 0\.1 s$/));
  const patient = takeLock(folder, {
    ...options,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    onWait: () => lock.release(),
  });
  (await patient).release();
  rmSync(folder, { recursive: true });
});

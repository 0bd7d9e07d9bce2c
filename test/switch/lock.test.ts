import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { waitUntil } from "../../src/base/clock.js";
import { FenceError } from "../../src/base/errors.js";
import { processInfo } from "../../src/base/process-info.js";
import { lockHolder, takeLock } from "../../src/switch/lock.js";
import { temporaryFolder } from "../support/fake-machine.js";

const options = { timeoutMs: 0, command: "fence test", since: "2026-01-01T00:00:00.000Z" };

/** A process that holds the lock until it is killed. */
async function holder(stateDir: string): Promise<ChildProcess & { pid: number }> {
  const url = new URL("../../src/switch/lock.js", import.meta.url).href;
  const code = `
    import { takeLock } from ${JSON.stringify(url)};
    await takeLock(${JSON.stringify(stateDir)}, { timeoutMs: 0, command: "fence down main", since: "2026-02-02T00:00:00.000Z" });
    console.log("held");
    setInterval(() => {}, 60_000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child as ChildProcess & { pid: number };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

function heldBy(...words: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof FenceError, String(error));
    assert.equal(error.code, "lock-held");
    for (const word of words)
      assert.ok(`${error.message} ${error.hint}`.includes(word), `${error.message} ${error.hint}`);
    return true;
  };
}

test("a held lock is refused, naming the holder's pid, command and since", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const child = await holder(stateDir);
  try {
    await assert.rejects(
      takeLock(stateDir, options),
      heldBy(String(child.pid), "fence down main", "2026-02-02T00:00:00.000Z"),
    );
    assert.equal(lockHolder(stateDir)?.pid, child.pid);
  } finally {
    await end(child);
  }
});

test("the lock is free at once when its holder is killed", async () => {
  const stateDir = join(temporaryFolder(), "state");
  await end(await holder(stateDir));
  assert.equal(lockHolder(stateDir), null);
  const lock = await takeLock(stateDir, options);
  lock.release();
});

test("a stopped holder keeps the lock and is told as stopped", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const child = await holder(stateDir);
  try {
    child.kill("SIGSTOP");
    assert.ok(
      await waitUntil(() => (processInfo(child.pid)?.state === "T" ? true : null), {
        timeoutMs: 10_000,
        intervalMs: 5,
      }),
    );
    await assert.rejects(
      takeLock(stateDir, { ...options, timeoutMs: 100 }),
      heldBy("which is stopped", `kill -CONT ${child.pid}`),
    );
  } finally {
    await end(child);
  }
});

test("whoever waits gets the lock when the holder ends, and is told for whom it waits", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const child = await holder(stateDir);
  let told: number | undefined;
  const waiting = takeLock(stateDir, {
    ...options,
    timeoutMs: 60_000,
    onWait(who) {
      told = who?.pid;
      child.kill("SIGKILL");
    },
  });
  (await waiting).release();
  assert.equal(told, child.pid);
});

test("waiting for the lock stops with the signal", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const child = await holder(stateDir);
  try {
    const controller = new AbortController();
    const onWait = (): void => controller.abort(new Error("stop now"));
    await assert.rejects(
      takeLock(stateDir, { ...options, timeoutMs: 60_000, signal: controller.signal, onWait }),
      /stop now/,
    );
  } finally {
    await end(child);
  }
});

test("the lock excludes a second taker in the same process, and is free after release", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const lock = await takeLock(stateDir, options);
  await assert.rejects(takeLock(stateDir, options), heldBy(String(process.pid)));
  assert.equal(lockHolder(stateDir)?.command, "fence test");
  lock.release();
  assert.equal(lockHolder(stateDir), null);
  (await takeLock(stateDir, options)).release();
});

test("a lock file that was removed meanwhile locks nobody out and lets nobody in twice", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const first = await takeLock(stateDir, options);
  const onWait = (): void => {
    rmSync(join(stateDir, "lock"));
    first.release();
  };
  const second = await takeLock(stateDir, { ...options, timeoutMs: 60_000, onWait });
  await assert.rejects(takeLock(stateDir, options), heldBy());
  second.release();
});

test("no child process inherits the lock", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const lock = await takeLock(stateDir, options);
  const child = spawn("sleep", ["600"]);
  try {
    lock.release();
    (await takeLock(stateDir, options)).release();
  } finally {
    await end(child);
  }
});

test("a user who cannot write to the state folder cannot keep the lock, but sees who holds it", async () => {
  const stateDir = join(temporaryFolder(), "state");
  const lock = await takeLock(stateDir, options);
  try {
    assert.equal(statSync(join(stateDir, "lock")).mode & 0o777, 0o600);
    assert.equal(statSync(join(stateDir, "lock.holder")).mode & 0o777, 0o644);
    assert.equal(lockHolder(stateDir)?.pid, process.pid);
  } finally {
    lock.release();
  }
  assert.equal(existsSync(join(stateDir, "lock.holder")), false);
});

test("a lock file that others could open is closed to them", async () => {
  const stateDir = temporaryFolder();
  writeFileSync(join(stateDir, "lock"), "", { mode: 0o644 });
  (await takeLock(stateDir, options)).release();
  assert.equal(statSync(join(stateDir, "lock")).mode & 0o777, 0o600);
});

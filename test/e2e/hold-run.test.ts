import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { takeLock } from "../../src/switch/lock.js";
import { createWorld, until, type CliResult, type World } from "../support/world.js";

describe("fence run", () => {
  let world: World;
  before(async () => {
    world = await createWorld({ kind: "proxy" });
    assert.equal((await world.fence("apply")).code, 0);
    await world.start();
  });
  after(() => world.end());
  beforeEach(async () => assert.equal((await world.fence("up")).code, 0));

  const mark = (name: string): string => join(world.folder, name);
  /** A command that says that it runs and then waits until it is told to end with a code. */
  const waits = (name: string): string[] => [
    "sh",
    "-c",
    `echo > ${mark(`${name}.began`)}; while [ ! -e ${mark(`${name}.end`)} ]; do sleep 0.05; done; exit $(cat ${mark(`${name}.end`)})`,
  ];
  const began = (name: string): Promise<void> =>
    until("the command to begin", () => existsSync(mark(`${name}.began`)));
  const endIt = (name: string, code = 0): void => writeFileSync(mark(`${name}.end`), `${code}\n`);
  const isMode = async (mode: string): Promise<boolean> => (await world.fence("is", mode)).code === 0;
  const results = async (child: ChildProcess): Promise<CliResult> => {
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr?.on("data", (chunk) => (stderr += String(chunk)));
    await once(child, "close");
    return { code: child.exitCode, stdout, stderr };
  };

  test("holds, runs, checks and lets go; who came meanwhile never knows", async () => {
    const child = world.fenceProcess("run", "main", "--", ...waits("good"));
    const result = results(child);
    await began("good");
    assert.ok(await isMode("hold"));
    const answer = world.get("/meanwhile");
    assert.match((await world.fence("status")).stdout, /a fence run of main since .* is at its step command/);
    const other = await world.fence("run", "--json", "--", "true");
    assert.equal(other.code, 5);
    assert.equal((JSON.parse(other.stderr) as { code: string }).code, "run-under-way");
    endIt("good");
    const { code, stdout, stderr } = await result;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^main is up/);
    assert.equal((await answer).status, 200);
    assert.equal(existsSync(join(world.folder, "state/run.json")), false);
  });

  test("of several that begin at once one runs, and the others are refused", async () => {
    const lock = await takeLock(join(world.folder, "state"), { timeoutMs: 0, command: "test", since: "now" });
    const names = ["first", "second", "third"];
    const children = names.map((name) =>
      world.fenceProcess("run", "--lock-timeout", "60s", "--", ...waits(name)),
    );
    const ends = children.map(results);
    try {
      const wait = (): boolean => children.every(({ pid = 0 }) => childrenOf(pid).length > 0);
      await until("all to wait for the lock", wait);
    } finally {
      lock.release();
    }
    await until("one to begin", () => names.some((name) => existsSync(mark(`${name}.began`))));
    const isOver = (): boolean => children.filter(({ exitCode }) => exitCode !== null).length === 2;
    await until("the others to be refused", isOver);
    for (const name of names) endIt(name);
    const codes = (await Promise.all(ends)).map(({ code }) => code);
    assert.deepEqual(codes.sort(), [0, 5, 5]);
    assert.equal(names.filter((name) => existsSync(mark(`${name}.began`))).length, 1);
    assert.ok(await isMode("up"));
  });

  test("a command that fails leaves the site down, or up when that is asked for, with its own exit code", async () => {
    const child = world.fenceProcess("run", "--", ...waits("bad"));
    const result = results(child);
    await began("bad");
    const answer = world.get("/meanwhile");
    await until("one to wait", async () => / 1 request waits/.test((await world.fence("status")).stdout));
    endIt("bad", 42);
    assert.equal((await result).code, 42);
    assert.equal((await answer).status, 503, "whoever waits gets the maintenance answer");
    assert.ok(await isMode("down"));
    const why = /fence run: sh ended with 42/;
    assert.match((await world.fence("status")).stdout, new RegExp(`^  main: ${why.source} \\(\\w+\\)$`, "m"));
    const { sites } = JSON.parse((await world.fence("status", "--json")).stdout) as {
      sites: { reason: string | null; why: string | null }[];
    };
    assert.equal(sites[0]?.reason, null);
    assert.match(sites[0]?.why ?? "", why);
    assert.match((await world.fence("history", "-n", "1")).stdout, why);
    assert.doesNotMatch((await world.get()).body, why, "visitors are not told");
    const refused = await world.fence("run", "--json", "--", "true");
    assert.equal((JSON.parse(refused.stderr) as { code: string }).code, "not-up");
    assert.equal((await world.fence("up")).code, 0);
    assert.doesNotMatch((await world.fence("status")).stdout, why);
    assert.equal((await world.fence("run", "--on-failure", "up", "--", "sh", "-c", "exit 3")).code, 3);
    assert.ok(await isMode("up"));
  });

  test("backends that are not well in time are told by an exit code of their own", async () => {
    const check = ["--check-url", "http://127.0.0.1:9/", "--check-timeout", "300ms"];
    const { code, stdout } = await world.fence("run", ...check, "--", "true");
    assert.equal(code, 9);
    assert.match(stdout, /^not well: http:\/\/127\.0\.0\.1:9\/: /);
    assert.match((await world.fence("status")).stdout, /main: fence run: not well: http:/);
    assert.ok(await isMode("down"));
  });

  test("a command that cannot be started has changed nothing: the site is up again", async () => {
    assert.equal((await world.fence("run", "--", "/no/such/program")).code, 127);
    assert.ok(await isMode("up"));
    assert.equal((await world.fence("run")).code, 64, "no command at all");
  });

  test("SIGTERM and SIGINT reach the command, and the site ends as a failure does", async () => {
    for (const [signal, exit] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const) {
      assert.equal((await world.fence("up")).code, 0);
      const child = world.fenceProcess("run", "--", ...waits(signal));
      const result = results(child);
      await began(signal);
      child.kill(signal);
      assert.equal((await result).code, exit);
      assert.ok(await isMode("down"), signal);
      assert.match((await world.fence("status")).stdout, new RegExp(`stopped by ${signal} \\(`));
    }
  });

  test("a site that somebody else has switched meanwhile is left so", async () => {
    const child = world.fenceProcess("run", "--", ...waits("other"));
    const result = results(child);
    await began("other");
    assert.equal((await world.fence("down", "--reason", "panic")).code, 0);
    endIt("other");
    const { code, stdout } = await result;
    assert.equal(code, 7);
    assert.match(stdout, /main was switched to down by somebody else meanwhile/);
    assert.ok(await isMode("down"));
  });

  test("a fence that is killed at any step leaves a hold that ends by itself, and the next command tells", async () => {
    const hits: string[] = [];
    for (const step of ["switch", "command", "check", "release"]) {
      assert.equal((await world.fence("up")).code, 0);
      const name = `killed-${step}`;
      const options = ["--for", "3s", "--check-url", "http://127.0.0.1:9/", "--check-timeout", "1m"];
      const check = step === "check" ? options : options.slice(0, 2);
      const child = world.fenceProcess("run", ...check, "--", ...waits(name));
      const gone = once(child, "exit");
      const isAt = (): boolean => {
        try {
          const text = readFileSync(join(world.folder, "state/run.json"), "utf8");
          return (JSON.parse(text) as { step: string }).step === step;
        } catch {
          return false;
        }
      };
      if (step === "check" || step === "release") endIt(name);
      await until(`the step ${step}, or its end`, () => isAt() || child.exitCode !== null);
      const isHit = isAt() && child.kill("SIGKILL");
      await gone;
      // So that the command does not wait for ever.
      endIt(name);
      // One that has ended by itself in the meantime was too quick for the signal.
      if (child.exitCode !== null || !isHit) continue;
      hits.push(step);
      const status = await world.fence("status");
      assert.match(
        status.stdout,
        new RegExp(`a fence run of main since .* was cut short at its step ${step}`),
      );
      await until("no hold to be left", async () => !(await isMode("hold")));
      const next = await world.fence("up");
      assert.equal(next.code, 0, next.stderr);
      assert.match(next.stderr, new RegExp(`was cut short at its step ${step}`));
      assert.ok(await isMode("up"));
      assert.equal((await world.get()).status, 200);
    }
    for (const step of ["command", "check"]) assert.ok(hits.includes(step), `killed at ${hits.join(", ")}`);
  });

  test("a run whose site cannot be drained never begins, and the site is up again", async () => {
    const { port } = world;
    const { connect } = await import("node:net");
    const slow = connect(port, "127.0.0.1");
    slow.write("POST /slow HTTP/1.1\r\nHost: main.test\r\nContent-Length: 10\r\n\r\n12345");
    await until("the upload to begin", async () => {
      const { stdout } = await world.fence("status", "--json");
      return /"inflight":1/.test(stdout);
    });
    const result = await world.fence("run", "--drain-timeout", "300ms", "--", "touch", mark("never"));
    assert.equal(result.code, 7);
    assert.match(result.stdout, /the command was not run/);
    assert.equal(existsSync(mark("never")), false);
    assert.ok(await isMode("up"));
    slow.destroy();
  });
});

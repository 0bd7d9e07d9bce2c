import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { processInfo } from "../../src/base/process-info.js";
import { assertFails, FENCE } from "../cli/run-fence.js";
import { createWorkers, needsOf, startFront, type WorkersWorld } from "../support/workers.js";
import { underLoad } from "../support/workers-load.js";
import type { RenderedServer } from "../support/world.js";

const PERL = { program: "perl", socket: "unix", front: "nginx" } as const;
/** For code that is never ready; how long it is waited for is all that it takes. */
const SHORT = `ready = { path = "/", timeout = "1500ms" }\nstop_timeout = "1s"`;

describe("New code that is not well", needsOf(PERL), () => {
  let world: WorkersWorld;
  let front: RenderedServer;
  before(async () => {
    world = await createWorkers(PERL);
    await world.workers("start");
    front = await startFront(world, "nginx");
  });
  after(async () => {
    await front?.stop();
    await world?.end();
  });

  const rows = [
    { how: "die", says: /ended with code 3/, hint: /cannot load the module of the day/ },
    { how: "hang", says: /no answer in time/, hint: /said nothing/, lines: SHORT },
    // One goes on trial and one serves, but not the other.
    {
      how: "half",
      says: /1 of 2 processes took no connection|no answer in time/,
      hint: /said nothing/,
      lines: SHORT,
    },
    { how: "500", says: /was answered 500/, hint: /said nothing/, lines: SHORT },
    {
      how: "ignore",
      says: /does not end within 1 s of SIGTERM/,
      hint: /stop_signal = "KILL"/,
      lines: `stop_timeout = "1s"`,
    },
  ] as const;
  for (const { how, says, hint, ...row } of rows)
    test(`${how}: the old processes serve on, nothing is lost, and the command says why`, async () => {
      const old = await world.pids();
      world.writeSpec("lines" in row ? row.lines : "");
      await underLoad(world, async () => {
        world.behave(how);
        const ended = await world.fence("workers", "graceful", "app");
        assertFails(ended, "worker-not-ready", 1);
        assert.match(ended.stderr, says);
        assert.match(ended.stderr, hint);
      });
      assert.deepEqual(await world.pids(), old);
      world.writeSpec("");
    });

  for (const how of ["late", "curt"] as const)
    test(`${how}: a program that hears its signal only with the next request loses none of them`, async () => {
      let late: number[] = [];
      await underLoad(world, async () => {
        world.behave(how);
        await world.workers("graceful");
        late = await world.pids();
        assert.ok(
          world.record().processes.every(({ tags }) => !tags.heeds),
          "the trial has noticed it",
        );
        world.behave("new");
        await world.workers("graceful");
      });
      for (const pid of late) assert.equal(processInfo(pid)?.state ?? "Z", "Z");
      assert.ok(world.record().processes.every(({ tags }) => tags.heeds));
    });

  test("A program that is not there, and one whose socket has moved, are refused before anything starts", async () => {
    const spec = readFileSync(join(world.folder, "fence.toml"), "utf8");
    writeFileSync(join(world.folder, "fence.toml"), spec.replace('"perl"', '"no-such-perl"'));
    assertFails(await world.fence("workers", "graceful"), "worker-unfit", 1);
    writeFileSync(join(world.folder, "fence.toml"), spec.replace("app.sock", "other.sock"));
    const moved = await world.fence("workers", "graceful");
    assertFails(moved, "worker-unfit", 1);
    assert.match(moved.stderr, /fence workers restart app/);
    writeFileSync(join(world.folder, "fence.toml"), spec);
    assertFails(await world.fence("workers", "graceful", "other"), "unknown-worker", 64);
  });

  test("Two commands at a time: the second is told so", async () => {
    const ended = await Promise.all([world.fence("workers", "graceful"), world.fence("workers", "graceful")]);
    assert.deepEqual(ended.map(({ code }) => code).sort(), [0, 5]);
    const second = ended.find(({ code }) => code === 5);
    if (second !== undefined) assertFails(second, "workers-busy", 5);
  });

  test("restart: what comes between the old and the new waits; stop and start, too, end and begin well", async () => {
    const old = await world.pids();
    await underLoad(world, async () => {
      await world.workers("restart", "app");
    });
    assert.ok((await world.pids()).every((pid) => !old.includes(pid)));
    await world.workers("stop", "app");
    assert.equal((await world.set()).state, "stopped");
    assert.equal(existsSync(world.address.replace("unix:", "")), false);
    await world.workers("start", "app");
    assert.equal((await world.set()).state, "runs");
    assert.match((await world.workers("start", "app")).stdout, /runs already/);
  });

  test("fence run makes a replacement a step of a deploy", async () => {
    const old = await world.pids();
    const program = [process.execPath, FENCE, "-c", join(world.folder, "fence.toml")];
    const ended = await world.fence("run", "--mode", "none", "--", ...program, "workers", "graceful");
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok((await world.pids()).every((pid) => !old.includes(pid)));
  });
});

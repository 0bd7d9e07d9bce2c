import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createWorld, until, type World } from "../support/world.js";

interface Status {
  sites: { mode: string; hold: { held: number; inflight: number } | null }[];
}

describe("fence hold and fence release", () => {
  let world: World;
  before(async () => {
    world = await createWorld({ kind: "proxy" });
    assert.equal((await world.fence("apply")).code, 0);
    await world.start();
  });
  after(() => world.end());

  const statusOf = async () => {
    const { stdout } = await world.fence("status", "--json");
    return (JSON.parse(stdout) as Status).sites[0];
  };

  test("requests wait between the two and are answered, and status counts them meanwhile", async () => {
    const held = await world.fence("hold", "--for", "5m", "--reason", "restart");
    assert.equal(held.code, 0, held.stderr);
    assert.match(held.stdout, /^main is held until /);
    const seen = world.backendRequests();
    const answers = Array.from({ length: 5 }, (_, index) => world.get(`/${index}`));
    await until("five to wait", async () => (await statusOf())?.hold?.held === 5);
    assert.equal(world.backendRequests(), seen);
    assert.equal((await world.fence("is", "hold")).code, 0);
    assert.equal((await world.fence("is", "up")).code, 3);
    assert.equal((await world.fence("verify")).code, 0);
    assert.match((await world.fence("status")).stdout, /\n {2}main: 5 requests wait, the oldest for /);
    const again = await world.fence("hold");
    assert.match(again.stdout, /^main is already held since /);
    const released = await world.fence("release");
    assert.equal(released.code, 0, released.stderr);
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
    assert.match((await world.fence("history")).stdout, /up > hold .*\n.*hold > up/);
    assert.match((await world.fence("release")).stdout, /^main is already up/);
  });

  test("a kill of the proxy ends no hold", async () => {
    assert.equal((await world.fence("hold", "--for", "5m")).code, 0);
    await world.stop("SIGKILL");
    const from = world.backendRequests();
    // That the port is open is asked with a request, which waits.
    const started = world.start();
    await until("one to wait", async () => ((await statusOf())?.hold?.held ?? 0) > 0);
    assert.equal(world.backendRequests(), from);
    assert.equal((await world.fence("release")).code, 0);
    await started;
  });

  test("a release does not bring up what somebody has taken down", async () => {
    assert.equal((await world.fence("down")).code, 0);
    const { code, stderr } = await world.fence("release", "--json");
    assert.equal(code, 1);
    assert.equal((JSON.parse(stderr) as { code: string }).code, "not-held");
    assert.equal((await world.get()).status, 503);
    assert.equal((await world.fence("up")).code, 0);
  });
});

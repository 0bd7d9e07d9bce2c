import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { assertTold, sendMany, sendOne, type Outcome } from "./hold-clients.js";
import type { HeldWorld } from "./held-world.js";
import { gatePid, until } from "./world.js";

/** Before there ever was a gate. */
export function testGateThatCannotStart(worldNow: () => HeldWorld): void {
  test("a gate that cannot start is told before anything is changed", async () => {
    const world = worldNow();
    const door = createServer().listen(`${world.folder}/run/gate/web.main.sock`);
    await once(door, "listening");
    const { code, stderr } = await world.fence("hold");
    door.close();
    assert.equal(code, 1, stderr);
    assert.ok(stderr.includes("gate-failed"), stderr);
    assert.match(stderr, /another process answers on/);
    assert.equal((await sendOne(world.port, "unharmed", "get")).isRight, true);
  });
}

/** What becomes of those that wait when it is killed. */
export function testGateThatIsKilled(worldNow: () => HeldWorld, answer: "as down does" | "502"): void {
  const assertLost = (one: Outcome): void =>
    answer === "502" ? assert.equal(one.status, 502, one.id) : assertTold(one);

  test(`a gate that is killed loses those that wait, answered ${answer}, and holds again at once`, async () => {
    const world = worldNow();
    await world.hold();
    const from = await world.executedNow();
    const lost = sendMany(world.port, "lost", 12);
    await world.waiting(12);
    const [child = 0] = childrenOf(gatePid(world.folder));
    process.kill(child, "SIGKILL");
    for (const one of await Promise.all(lost)) assertLost(one);
    await until("the gate to serve again", async () => (await world.heldNow()) === 0);
    const next = sendMany(world.port, "next", 12);
    await world.waiting(12);
    await world.done("release");
    assert.ok((await Promise.all(next)).every(({ isRight }) => isRight));
    await world.executedNow();
    assert.equal(world.seen(from).length, 12);
  });

  test(`without any gate a held site answers ${answer}, status says that it is not running, and release works`, async () => {
    const world = worldNow();
    await world.hold();
    const pid = gatePid(world.folder);
    const [child = 0] = childrenOf(pid);
    for (const one of [pid, child]) process.kill(one, "SIGKILL");
    await until("the gate to be gone", () => !existsSync(`/proc/${child}/exe`));
    assertLost(await sendOne(world.port, "nobody", "post"));
    const { stdout } = await world.fence("status");
    assert.match(stdout, /gate is not running/);
    await world.done("release");
    assert.equal((await sendOne(world.port, "back", "post")).isRight, true);
    await world.hold();
    const held = sendOne(world.port, "anew", "get");
    await world.waiting(1);
    await world.done("release");
    assert.equal((await held).isRight, true);
  });
}

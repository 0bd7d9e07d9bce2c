import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertTold, sendMany, sendOne, type Outcome } from "./hold-clients.js";
import { startHeldWorld, type HeldWorld, type HoldingKind } from "./held-world.js";
import { needs } from "./needs.js";
import { RawClient } from "./raw-client.js";
import { testGateThatCannotStart, testGateThatIsKilled } from "./hold-table-gate.js";
import { until } from "./world.js";

/** More of it: FENCE_HOLD_CYCLES restarts of the backend, with FENCE_HOLD_CLIENTS; so many holds in FENCE_HOLD_REQUESTS. */
const CYCLES = Number(process.env["FENCE_HOLD_CYCLES"] ?? 1);
const CLIENTS = Number(process.env["FENCE_HOLD_CLIENTS"] ?? 200);
const REQUESTS = Number(process.env["FENCE_HOLD_REQUESTS"] ?? 1000);
/** Of those that are let go in their order. */
const WAITING = Number(process.env["FENCE_HOLD_WAITING"] ?? 120);
const AT_ONCE = 20;
const TRICKLE_MAX = 60;
const SERVICE_MS = 400;

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n${fields}\r\n`;
const HANDSHAKE =
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** What a hold is on every kind of server. @param isBrief without what is the same with any number of workers */
export function describeHold(held: HoldingKind, isBrief = false): void {
  const { name, kind, need, own } = held;
  const isGated = kind === "lighttpd" || kind === "nginx";
  describe(`Hold on ${name}`, needs(...need), () => {
    let world: HeldWorld;
    before(async () => {
      world = await startHeldWorld(held, {
        siteLines: `[site.main.hold]
release_concurrency = ${AT_ONCE}
drain_timeout = "3m"
[site.main.exceptions]
pass = ["/pass"]
health = { path = "/health", while_down = "ok" }
`,
      });
    });
    after(() => world.end());

    if (isGated) testGateThatCannotStart(() => world);

    test("a backend is killed and started again, and no client notices", async () => {
      const agent = new http.Agent({ keepAlive: true });
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        const from = await world.executedNow();
        let isOver = false;
        const trickle = (async (): Promise<Outcome[]> => {
          const outcomes: Promise<Outcome>[] = [];
          let pending = 0;
          for (let n = 0; !isOver; n += 1) {
            // A slow machine is not to have more of them.
            if (pending < TRICKLE_MAX) {
              pending += 1;
              const shape = n % 2 === 0 ? "get" : "post";
              const one = sendOne(world.port, `trickle-${cycle}-${n}`, shape, 300, n % 4 < 2 && agent);
              outcomes.push(one);
              void one.then(() => (pending -= 1));
            }
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          return Promise.all(outcomes);
        })();
        await world.hold();
        const many = [
          ...sendMany(world.port, `many-${cycle}`, CLIENTS / 2),
          ...sendMany(world.port, `kept-${cycle}`, CLIENTS / 2, agent),
        ];
        await until("most to wait", async () => (await world.heldNow()) >= CLIENTS * 0.9);
        await world.backend.kill();
        await world.backend.start();
        await world.done("release");
        isOver = true;
        const outcomes = [...(await Promise.all(many)), ...(await trickle)];
        const wrong = outcomes.filter(({ status, isRight }) => status !== 200 || !isRight);
        assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${outcomes.length}`);
        await world.executedNow();
        const ids = world.seen(from);
        assert.equal(ids.length, outcomes.length);
        assert.equal(new Set(ids).size, ids.length, "each was executed once");
      }
      agent.destroy();
    });

    test("no request reaches the backend between hold and release, however many come and whatever they claim", async (context) => {
      let isOver = false;
      // Also when it fails: clients that go on would keep the whole file.
      context.after(() => (isOver = true));
      const outcomes: Outcome[] = [];
      const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
      const clients = Array.from({ length: 50 }, async (_, client) => {
        for (let n = 0; !isOver; n += 1)
          outcomes.push(await sendOne(world.port, `${client}-${n}`, "get", 0, agent));
      });
      let holds = 0;
      for (; outcomes.length < REQUESTS; holds += 1) {
        await world.hold();
        const from = await world.executedNow();
        const lies = "Cookie: fence=hold; fence_hold=0\r\nX-Fence-Hold: 1\r\nX-Maintenance-Mode: 1\r\n";
        const liar = new RawClient(world.port).send(get("/?id=liar", lies));
        await world.waiting(51);
        await world.executedNow();
        assert.deepEqual(world.seen(from), []);
        const passing = await new RawClient(world.port).send(get("/pass?id=pass")).has("pass ");
        const health = await new RawClient(world.port).send(get("/health")).has("ok\n");
        const probe = await new RawClient(world.port)
          .send(get("/.well-known/fence/probe"))
          .has('"fence":"hold"');
        const { stdout } = await world.fence("bypass", "new", "--json");
        const token = (JSON.parse(stdout) as { link: string }).link.split("/").at(-1);
        const staff = await new RawClient(world.port)
          .send(get("/?id=staff", `Cookie: fence_bypass=${token}\r\n`))
          .has("staff ");
        assert.match(staff.text, /^x-fence-mode: hold; bypass\r$/im);
        await world.executedNow();
        assert.deepEqual(world.seen(from), ["pass", "staff"]);
        await world.done("release");
        await liar.has("liar ");
        for (const client of [liar, passing, health, probe, staff]) client.socket.destroy();
        const answered = outcomes.length;
        await until("some answers", () => outcomes.length > answered + REQUESTS / 10);
      }
      isOver = true;
      await Promise.all(clients);
      agent.destroy();
      assert.ok(outcomes.every(({ isRight }) => isRight));
      console.log(`# ${outcomes.length} requests, ${holds} holds, none reached the backend inside one`);
    });

    test("who has gone is not served at the release; others go in their order, no faster than they may, and no slower", async () => {
      const handMs = await meanMs(world);
      await world.hold("--max-held", String(WAITING + 1));
      const from = await world.executedNow();
      const gone: RawClient[] = [];
      for (let n = 0; n < 10; n += 1) {
        // lighttpd looks for the end of a client only once it has waited for bytes of it.
        const client = await new RawClient(world.port).send(get("/health")).has("ok\n");
        gone.push(client.send(get(`/?id=gone-${n}`)));
      }
      await world.waiting(10);
      gone.forEach((client, n) => (n % 2 === 0 ? client.socket.resetAndDestroy() : client.socket.destroy()));
      await world.waiting(0);
      const clients: RawClient[] = [];
      for (let n = 0; n < WAITING; n += 1) {
        clients.push(new RawClient(world.port).send(get(`/?id=${n}&ms=${SERVICE_MS}`)));
        // So that the order in which they come is known.
        if (n % 10 === 9) await world.waiting(n + 1);
      }
      const asked: number[] = [];
      for (let turn = 0; turn < 20; turn += 1) {
        const began = performance.now();
        assert.equal(await world.heldNow(), WAITING);
        asked.push(performance.now() - began);
      }
      const released = world.done("release");
      await until("all to be answered", () => clients.every(({ text }) => text !== ""));
      await released;
      for (const { socket } of clients) socket.destroy();
      await world.executedNow();
      const order = world.seen(from).map(Number);
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        order.map((_id, index) => index),
      );
      const { most, tookMs, idealMs } = paceOf(world, from);
      // Of two workers, one may be ahead by as many as are let go at once.
      const slips = order.filter((number, at) => Math.abs(number - at) >= 2 * AT_ONCE + 10);
      console.log(
        `# ${WAITING} let go, ${most} at once: ${Math.round(tookMs)} ms, ${(tookMs / idealMs).toFixed(2)} × ideal; ` +
          `control in ${asked.sort((a, b) => a - b)[10]?.toFixed(1)} ms, ${asked.at(-1)?.toFixed(1)} ms at most`,
      );
      assert.ok(most <= AT_ONCE, `${most} at once`);
      assert.deepEqual(slips, [], "in the order in which they came");
      // What a busy machine takes to hand a place on is no fault of the gate.
      const busyMs = (WAITING / AT_ONCE) * 2 * handMs;
      assert.ok(tookMs <= 1.2 * idealMs + busyMs, `${tookMs / idealMs} × ideal, ${handMs} ms a request`);
      assert.ok(Math.max(...asked) < 1000, `control answered after ${Math.max(...asked)} ms`);
    });

    test("beyond its limits, and at its end, a hold answers as down does", async () => {
      await world.hold("--max-held", "3", "--max-wait", "2s");
      const from = await world.executedNow();
      const held = [1, 2, 3].map((n) => sendOne(world.port, `held-${n}`, "post"));
      await world.waiting(3);
      const beyond = await sendOne(world.port, "beyond", "post", 1_500_000);
      for (const one of [beyond, ...(await Promise.all(held))]) assertTold(one);
      await world.done("hold", "--for", "1s", "--no-wait");
      await until("the hold to expire", async () => (await world.site()).mode === "down");
      assertTold(await sendOne(world.port, "late", "get"));
      const json = await new RawClient(world.port)
        .send(get("/", "Accept: application/json\r\n"))
        .has('"status":503');
      assert.match(json.text, /application\/problem\+json/);
      json.socket.destroy();
      // In a config of the user's own it stays for long.
      if (kind === "nginx" && own === undefined) {
        await until(
          "the gate to end by itself",
          () => !existsSync(join(world.folder, "run/gate/server.pid")),
        );
        assert.equal((await world.site()).verified, true, "nobody misses it");
        assertTold(await sendOne(world.port, "later", "get"));
      }
      await world.executedNow();
      assert.deepEqual(world.seen(from), []);
      await world.done("up");
      assert.equal((await sendOne(world.port, "again", "get")).isRight, true);
    });

    test("a slow upload that began before is waited for, one that begins meanwhile may end later; an open WebSocket stays, and a handshake waits", async () => {
      const open = await new RawClient(world.port).send(get("/ws", HANDSHAKE)).has("101 Switching");
      const slow = new RawClient(world.port);
      slow.send("POST /?id=slow HTTP/1.1\r\nHost: main.test\r\nContent-Length: 200000\r\n\r\n");
      slow.send("x".repeat(150_000));
      await until("the upload to be in flight", async () =>
        (await world.site()).servers.some(({ inflight }) => (inflight ?? 0) > 0),
      );
      // lighttpd counts an upgraded connection as a request that has not ended.
      const patience = kind === "lighttpd" ? "3s" : "1m";
      const holding = world.fence("hold", "--for", "5m", "--max-wait", "4m", "--drain-timeout", patience);
      await until("the site to be held", async () => (await world.site()).mode === "hold");
      slow.send("x".repeat(50_000));
      await slow.has("slow ");
      assert.equal((await holding).code, kind === "lighttpd" ? 7 : 0);
      open.send("ping");
      await open.has("ping");
      const late = new RawClient(world.port).send(get("/ws", HANDSHAKE));
      const half = new RawClient(world.port);
      half.send("POST /?id=half HTTP/1.1\r\nHost: main.test\r\nContent-Length: 100000\r\n\r\n");
      half.send("x".repeat(60_000));
      // Some servers send it to the gate once its body is there.
      await world.waiting(isGated ? 1 : 2);
      await world.done("release");
      await late.has("101 Switching");
      half.send("x".repeat(40_000));
      await half.has("half ");
      late.send("pong");
      await late.has("pong");
      for (const client of [open, slow, late, half]) client.socket.destroy();
    });

    if (isBrief) return;
    test("those that wait are told when the site goes down", async () => {
      await world.hold();
      const from = await world.executedNow();
      const many = sendMany(world.port, "downed", 40);
      await world.waiting(40);
      await world.done("down");
      for (const one of await Promise.all(many)) assertTold(one);
      await world.executedNow();
      assert.deepEqual(world.seen(from), []);
      await world.done("up");
    });

    if (isGated) testGateThatIsKilled(() => world, own === undefined ? "as down does" : "502");
  });
}

/** What one request takes, of several one after the other. */
async function meanMs({ port }: HeldWorld): Promise<number> {
  const COUNT = 20;
  const began = performance.now();
  for (let n = 0; n < COUNT; n += 1) await sendOne(port, `alone-${n}`, "get");
  return (performance.now() - began) / COUNT;
}

/** How many were at the backend at once, how long all took, and would have taken with no pause between two of them. */
function paceOf({ backend }: HeldWorld, from: number): { most: number; tookMs: number; idealMs: number } {
  const done = backend.executed().slice(from);
  const ends = done.map(({ beganMs, tookMs }) => beganMs + tookMs);
  return {
    most: Math.max(...done.map(({ atOnce }) => atOnce)),
    tookMs: Math.max(...ends) - Math.min(...done.map(({ beganMs }) => beganMs)),
    idealMs: done.reduce((sum, { tookMs }) => sum + tookMs, 0) / AT_ONCE,
  };
}

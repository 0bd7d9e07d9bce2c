import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { startCountingBackend, type CountingBackend } from "../support/counting-backend.js";
import { sendMany, sendOne, type Outcome } from "../support/hold-clients.js";
import { needs, type Need } from "../support/needs.js";
import { RawClient } from "../support/raw-client.js";
import { createWorld, freePort, until, type World } from "../support/world.js";

/** Kinds that hold through fence's gate, and by themselves. FENCE_HOLD_CYCLES and FENCE_HOLD_CLIENTS: more of it. */
const CYCLES = Number(process.env["FENCE_HOLD_CYCLES"] ?? 2);
const CLIENTS = Number(process.env["FENCE_HOLD_CLIENTS"] ?? 300);
const WORLDS: readonly { name: string; kind: "lighttpd" | "proxy"; workers: number; need: Need[] }[] = [
  { name: "lighttpd without workers", kind: "lighttpd", workers: 0, need: ["lighttpd", "root"] },
  { name: "lighttpd with 2 workers", kind: "lighttpd", workers: 2, need: ["lighttpd", "root"] },
  { name: "the proxy", kind: "proxy", workers: 1, need: ["root"] },
];

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n${fields}\r\n`;
const HANDSHAKE =
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

interface SiteReport {
  mode: string;
  hold: { held: number; inflight: number } | null;
}

for (const { name, kind, workers, need } of WORLDS) {
  describe(`Hold on ${name}`, needs(...need), () => {
    let backend: CountingBackend;
    let world: World;
    before(async () => {
      backend = await startCountingBackend(await freePort());
      world = await createWorld({
        kind,
        serverLines: kind === "proxy" ? "" : `workers = ${workers}`,
        siteLines: `[site.main.exceptions]\npass = ["/pass"]\nhealth = { path = "/health", while_down = "ok" }\n`,
        backendPort: backend.port,
      });
      const applied = await world.fence("apply");
      assert.equal(applied.code, 0, applied.stderr);
      await world.start();
    });
    after(async () => {
      await world.fence("up");
      await world.end();
      await backend.kill();
    });

    const fence = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await world.fence(...args);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    };
    const site = async (): Promise<SiteReport> => {
      const { stdout } = await world.fence("status", "--json");
      const [main] = (JSON.parse(stdout) as { sites: SiteReport[] }).sites;
      assert.ok(main);
      return main;
    };
    const waiting = (count: number): Promise<void> =>
      until(`${count} requests to wait`, async () => (await site()).hold?.held === count);
    const seen = (from: number): string[] =>
      backend
        .executed()
        .slice(from)
        .map(({ id }) => id);

    test("a backend is killed and started again, and no client notices", async () => {
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        const from = backend.executed().length;
        let isOver = false;
        const trickle = (async (): Promise<Outcome[]> => {
          const outcomes: Promise<Outcome>[] = [];
          for (let n = 0; !isOver; n += 1) {
            outcomes.push(sendOne(world.port, `trickle-${cycle}-${n}`, n % 2 === 0 ? "get" : "post"));
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          return Promise.all(outcomes);
        })();
        await fence("hold", "--for", "2m", "--max-wait", "110s");
        const many = sendMany(world.port, `many-${cycle}`, CLIENTS);
        await until("most to wait", async () => ((await site()).hold?.held ?? 0) >= CLIENTS * 0.9);
        await backend.kill();
        await backend.start();
        await fence("release");
        isOver = true;
        const outcomes = [...(await Promise.all(many)), ...(await trickle)];
        const wrong = outcomes.filter(({ status, isRight }) => status !== 200 || !isRight);
        assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${outcomes.length}`);
        const ids = seen(from);
        assert.equal(ids.length, outcomes.length);
        assert.equal(new Set(ids).size, ids.length, "each was executed once");
      }
    });

    test("no request reaches the backend between hold and release, whatever it claims; exceptions pass", async () => {
      await fence("hold");
      const from = backend.executed().length;
      const lies = "Cookie: fence=hold; fence_hold=0\r\nX-Fence-Route: main\r\nX-Maintenance-Mode: 1\r\n";
      const liar = new RawClient(world.port).send(get("/?id=liar", lies));
      const foreign = new RawClient(world.port).send("GET / HTTP/1.1\r\nHost: !hold.main\r\n\r\n");
      await foreign.has(/^HTTP\/1\.1 4\d\d /);
      const many = sendMany(world.port, "none", 40);
      await waiting(41);
      assert.deepEqual(seen(from), []);
      const passing = await new RawClient(world.port).send(get("/pass?id=pass")).has("pass ");
      const health = await new RawClient(world.port).send(get("/health")).has("ok\n");
      const probe = await new RawClient(world.port)
        .send(get("/.well-known/fence/probe"))
        .has('"fence":"hold"');
      assert.deepEqual(seen(from), ["pass"]);
      await fence("release");
      await liar.has("liar ");
      const outcomes = await Promise.all(many);
      assert.ok(outcomes.every(({ isRight }) => isRight));
      for (const client of [liar, foreign, passing, health, probe]) client.socket.destroy();
    });

    test("who has gone is not served at the release, and who came first is served first", async () => {
      await fence("hold");
      const from = backend.executed().length;
      const gone: RawClient[] = [];
      for (let n = 0; n < 10; n += 1) gone.push(new RawClient(world.port).send(get(`/?id=gone-${n}`)));
      await waiting(10);
      gone.forEach((client, n) => (n % 2 === 0 ? client.socket.resetAndDestroy() : client.socket.destroy()));
      await waiting(0);
      const first: Promise<Outcome>[] = [];
      for (let n = 0; n < 12; n += 1) {
        first.push(sendOne(world.port, `first-${n}`, "get"));
        await waiting(n + 1);
      }
      await fence("release");
      await Promise.all(first);
      assert.deepEqual(seen(from).sort(), first.map((_one, n) => `first-${n}`).sort());
    });

    test("beyond its limits, and at its end, a hold answers as down does", async () => {
      await fence("hold", "--max-held", "3", "--max-wait", "2s", "--for", "6s");
      const from = backend.executed().length;
      const held = [1, 2, 3].map((n) => sendOne(world.port, `held-${n}`, "post"));
      await waiting(3);
      const beyond = await sendOne(world.port, "beyond", "post", 1_500_000);
      for (const one of [beyond, ...(await Promise.all(held))]) {
        assert.equal(one.status, 503, `${one.id}: ${one.error}`);
        assert.equal(one.headers["x-maintenance-mode"], "1");
        assert.match(one.headers["retry-after"] ?? "", /^\d+$/);
        assert.equal(one.headers["cache-control"], "no-store");
      }
      await until("the hold to expire", async () => (await site()).mode === "down");
      const late = await sendOne(world.port, "late", "get");
      assert.equal(late.status, 503);
      const json = await new RawClient(world.port)
        .send(get("/", "Accept: application/json\r\n"))
        .has('"status":503');
      assert.match(json.text, /application\/problem\+json/);
      json.socket.destroy();
      assert.deepEqual(seen(from), []);
      await fence("up");
      assert.equal((await sendOne(world.port, "again", "get")).isRight, true);
    });

    test("a slow upload that began before is waited for; an open WebSocket stays, and a handshake waits", async () => {
      const open = await new RawClient(world.port).send(get("/ws", HANDSHAKE)).has("101 Switching");
      const slow = new RawClient(world.port);
      slow.send("POST /?id=slow HTTP/1.1\r\nHost: main.test\r\nContent-Length: 200000\r\n\r\n");
      slow.send("x".repeat(150_000));
      await until("the upload to be in flight", async () => (await trafficOf()) > 0);
      const holding = world.fence("hold", "--drain-timeout", "5s");
      await until("the site to be held", async () => (await site()).mode === "hold");
      slow.send("x".repeat(50_000));
      await slow.has("slow ");
      // lighttpd counts an upgraded connection as a request that has not ended.
      assert.equal((await holding).code, kind === "lighttpd" ? 7 : 0);
      open.send("ping");
      await open.has("ping");
      const late = new RawClient(world.port).send(get("/ws", HANDSHAKE));
      await waiting(1);
      await fence("release");
      await late.has("101 Switching");
      late.send("pong");
      await late.has("pong");
      for (const client of [open, slow, late]) client.socket.destroy();
    });

    const gatePid = (): number => Number(readFileSync(`${world.folder}/run/gate/server.pid`, "utf8"));
    const trafficOf = async (): Promise<number> => {
      const { stdout } = await world.fence("status", "--json");
      const report = JSON.parse(stdout) as { sites: { servers: { inflight: number | null }[] }[] };
      return report.sites[0]?.servers.reduce((sum, { inflight }) => sum + (inflight ?? 0), 0) ?? 0;
    };

    if (kind === "lighttpd") {
      test("a gate that cannot start is told before anything is changed", async () => {
        const door = createServer().listen(`${world.folder}/run/gate/web.main.sock`);
        await once(door, "listening");
        const { code, stderr } = await world.fence("hold");
        door.close();
        assert.equal(code, 1, stderr);
        assert.ok(stderr.includes("gate-failed"), stderr);
        assert.match(stderr, /another process answers on/);
        assert.equal((await site()).mode, "up");
        assert.equal((await sendOne(world.port, "unharmed", "get")).isRight, true);
      });

      test("a gate that is killed loses those that wait, with the answer of down, and holds again at once", async () => {
        await fence("hold");
        const from = backend.executed().length;
        const held = sendMany(world.port, "lost", 12);
        await waiting(12);
        const [child = 0] = childrenOf(gatePid());
        process.kill(child, "SIGKILL");
        for (const one of await Promise.all(held)) {
          assert.equal(one.status, 503, `${one.id}: ${one.error}`);
          assert.equal(one.headers["x-maintenance-mode"], "1");
        }
        await until(
          "the gate to serve again",
          async () => !(await world.fence("status")).stdout.includes("gate !"),
        );
        const next = sendMany(world.port, "next", 12);
        await waiting(12);
        await fence("release");
        assert.ok((await Promise.all(next)).every(({ isRight }) => isRight));
        assert.deepEqual(seen(from).length, 12);
      });

      test("without any gate a held site answers as down does, status says so, and release works", async () => {
        await fence("hold");
        const pid = gatePid();
        const [child = 0] = childrenOf(pid);
        for (const one of [pid, child]) process.kill(one, "SIGKILL");
        await until("the gate to be gone", () => !existsSync(`/proc/${child}/exe`));
        const answer = await sendOne(world.port, "nobody", "post");
        assert.equal(answer.status, 503);
        assert.equal(answer.headers["x-maintenance-mode"], "1");
        const { stdout } = await world.fence("status");
        assert.match(stdout, /gate is not running/);
        await fence("release");
        assert.equal((await sendOne(world.port, "back", "post")).isRight, true);
        await fence("hold");
        const held = sendOne(world.port, "anew", "get");
        await waiting(1);
        await fence("release");
        assert.equal((await held).isRight, true);
      });
    }
  });
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import type { HoldValues } from "../../src/base/mode.js";
import { held, holdAndDrain, siteStatus, waiting } from "../support/hold.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { RawClient } from "../support/raw-client.js";
import { until } from "../support/world.js";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n${fields}\r\n`;
const post = (path: string, length: number, body: string, fields = ""): string =>
  `POST ${path} HTTP/1.1\r\nHost: main.test\r\nContent-Length: ${length}\r\n${fields}\r\n${body}`;
const REFUSED = /^HTTP\/1\.1 503 [^]*X-Maintenance-Mode: 1\r\n[^]*Retry-After: 120\r\n/;

describe("The gate while a site is held", () => {
  let world: ProxyWorld;
  let backend: RawBackend;
  before(async () => {
    backend = await startRawBackend(({ head, socket, body }) => {
      const [, path = ""] = head.split(" ");
      if (/^upgrade:/im.test(head)) {
        const key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
        );
        socket.on("data", (chunk) => socket.write(chunk));
      } else socket.write(ok(`${path} ${body.length}`));
    });
    world = await startProxy([tcp(backend.port)], {
      exceptions: {
        allow: [],
        trustedProxies: [],
        pass: [{ match: "prefix", value: "/pass" }],
        acme: true,
        health: { path: "/health", whileDown: "down" },
      },
    });
  });
  after(async () => {
    await world.end();
    await backend.close();
  });

  /** The paths that the backend has seen while `act` ran. */
  const seenDuring = async (act: () => Promise<void>): Promise<string[]> => {
    const from = backend.requests.length;
    await act();
    return backend.requests.slice(from).map(({ head }) => head.split(" ")[1] ?? "");
  };
  const up = (): Promise<number> => world.switchTo("main", { mode: "up" });
  const hold = (rest: Partial<HoldValues> = {}): Promise<void> => holdAndDrain(world, rest);
  const totals = async () => (await siteStatus(world)).heldTotals;

  test("a request waits whole and is answered once the site is up; exceptions pass meanwhile", async () => {
    const seen = await seenDuring(async () => {
      await hold();
      const client = new RawClient(world.port).send(post("/a", 5, "hello"));
      await waiting(world, 1);
      const passing = await new RawClient(world.port).send(get("/pass/x")).has("/pass/x 0");
      passing.socket.destroy();
      const health = await new RawClient(world.port).send(get("/health")).has("503");
      health.socket.destroy();
      const probe = await new RawClient(world.port)
        .send(get("/.well-known/fence/probe"))
        .has('"fence":"hold"');
      assert.match(probe.text, /^HTTP\/1\.1 200 /);
      probe.socket.destroy();
      assert.equal(client.text, "");
      await up();
      await client.has("/a 5");
      client.socket.destroy();
    });
    assert.deepEqual(seen, ["/pass/x", "/a"]);
  });

  test("requests of one connection wait for their turn, and whatever says hold in them means nothing", async () => {
    const lie = "X-Fence: hold\r\nCookie: fence=hold; mode=hold\r\nX-Maintenance-Mode: 1\r\n";
    const live = await new RawClient(world.port).send(get("/lie", lie)).has("/lie 0");
    live.socket.destroy();
    const seen = await seenDuring(async () => {
      await hold();
      const client = new RawClient(world.port).send(get("/1", lie) + post("/2", 3, "abc") + get("/3"));
      await waiting(world, 1);
      await up();
      await client.has("/3 0");
      client.socket.destroy();
    });
    assert.deepEqual(seen, ["/1", "/2", "/3"]);
  });

  test("a client that leaves is taken out, however it leaves, and its request never runs", async () => {
    const leaves: Record<string, (client: RawClient) => void> = {
      "ends its side": (client) => client.socket.end(),
      "resets the connection": (client) => client.socket.resetAndDestroy(),
    };
    const messages: Record<string, string> = {
      "without a body": get("/left"),
      "with its body": post("/left", 2000, "x".repeat(2000)),
      "within its body": post("/left", 2000, "x".repeat(100)),
      "with its body to come": post("/left", 2000, "", "Expect: 100-continue\r\n"),
      "with another request behind it": get("/left") + get("/left2"),
    };
    const { left } = await totals();
    const seen = await seenDuring(async () => {
      await hold();
      for (const message of Object.values(messages)) {
        for (const leave of Object.values(leaves)) {
          const client = new RawClient(world.port, { allowHalfOpen: true }).send(message);
          await waiting(world, 1);
          leave(client);
          await waiting(world, 0);
          client.socket.destroy();
        }
      }
      await up();
      const last = await new RawClient(world.port).send(get("/last")).has("/last 0");
      last.socket.destroy();
    });
    assert.deepEqual(seen, ["/last"]);
    assert.equal((await totals()).left - left, 10);
  });

  test("a client whose body is too long to be read ahead shows a reset all the same", async () => {
    const seen = await seenDuring(async () => {
      await hold({ maxBodyBytes: 1000 });
      const client = new RawClient(world.port).send(post("/long", 3_000_000, "x".repeat(2_000_000)));
      await waiting(world, 1);
      client.socket.resetAndDestroy();
      await waiting(world, 0);
      await up();
    });
    assert.deepEqual(seen, []);
  });

  test("beyond its limits a hold answers as down does", async () => {
    await hold({ maxHeld: 3 });
    const before = await totals();
    const clients = [1, 2, 3].map((n) => new RawClient(world.port).send(get(`/${n}`)));
    await waiting(world, 3);
    const full = await new RawClient(world.port).send(post("/4", 4, "abcd")).has(REFUSED);
    await full.has("Down for maintenance");
    full.socket.destroy();
    assert.equal((await totals()).refused.full - before.refused.full, 1);
    await up();
    await Promise.all(clients.map((client, index) => client.has(`/${index + 1} 0`)));
    for (const client of clients) client.socket.destroy();
  });

  test("who has waited for too long is told so, and the next one waits its own time", async () => {
    const before = await totals();
    const seen = await seenDuring(async () => {
      await hold({ maxWaitMs: 400 });
      const client = new RawClient(world.port).send(get("/slow"));
      await client.has(REFUSED);
      const next = new RawClient(world.port).send(get("/next"));
      await next.has(REFUSED);
      await up();
      client.socket.destroy();
      next.socket.destroy();
    });
    assert.deepEqual(seen, []);
    assert.equal((await totals()).refused.wait - before.refused.wait, 2);
  });

  test("a hold that expires is down, or up, as it says, without anybody telling", async () => {
    const soon = (): number => Math.ceil(Date.now() / 1000 + 1) * 1000;
    await hold({ expiresMs: soon() });
    const refused = new RawClient(world.port).send(get("/expired"));
    await refused.has(REFUSED);
    assert.equal((await siteStatus(world)).mode, "down");
    const probe = await new RawClient(world.port).send(get("/.well-known/fence/probe")).has(REFUSED);
    refused.socket.destroy();
    probe.socket.destroy();
    await up();
    await hold({ expiresMs: soon(), onExpiry: "up" });
    const served = await new RawClient(world.port).send(get("/expired")).has("/expired 0");
    await served.send(get("/.well-known/fence/probe")).has('"fence":"up"');
    served.socket.destroy();
    await up();
  });

  test("an upload that began before is at the backend until it ends, and counts", async () => {
    const slow = new RawClient(world.port).send(post("/upload", 10, "12345"));
    await until("the upload to begin", async () => (await siteStatus(world)).inflight === 1);
    await world.switchTo("main", held());
    assert.equal((await world.sync("main"))?.inflight, 1);
    slow.send("67890");
    await slow.has("/upload 10");
    await until("the site to be drained", async () => (await world.sync("main"))?.inflight === 0);
    slow.socket.destroy();
    await up();
  });

  test("an open WebSocket stays, and a handshake waits and works", async () => {
    const key =
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const open = await new RawClient(world.port).send(get("/ws", key)).has("101 Switching");
    await hold();
    open.send("ping");
    await open.has("ping");
    const late = new RawClient(world.port).send(get("/ws", key));
    await waiting(world, 1);
    assert.equal(late.text, "");
    await up();
    await late.has("101 Switching");
    late.send("pong");
    await late.has("pong");
    open.socket.destroy();
    late.socket.destroy();
  });

  test("a reload leaves those that wait where they are", async () => {
    await hold();
    const client = new RawClient(world.port).send(get("/reloaded"));
    await waiting(world, 1);
    const { reloads } = await world.status();
    process.kill(world.masterPid(), "SIGHUP");
    await until("the reload", async () => (await world.status()).reloads === reloads + 1);
    assert.equal((await siteStatus(world)).held, 1);
    await up();
    await client.has("/reloaded 0");
    client.socket.destroy();
  });

  test("a switch to down tells those that wait, and a stop does, too", async () => {
    await hold();
    const client = new RawClient(world.port).send(get("/downed"));
    await waiting(world, 1);
    await world.switchTo("main", { mode: "down" });
    await client.has(REFUSED);
    client.socket.destroy();
    await hold();
    const stopped = new RawClient(world.port).send(get("/stopped"));
    await waiting(world, 1);
    const closed = once(stopped.socket, "close");
    process.kill(world.masterPid(), "SIGTERM");
    await stopped.has(REFUSED);
    await closed;
  });
});

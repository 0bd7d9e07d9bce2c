import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { request, session } from "../support/http2-client.js";
import { needs } from "../support/needs.js";
import { startHoldingNginx, type HoldingNginx } from "../support/nginx-hold.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { RawClient } from "../support/raw-client.js";
import { until } from "../support/world.js";

const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n${fields}\r\n`;
const post = (path: string, length: number, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: main.test\r\nContent-Length: ${length}\r\n\r\n${body}`;
/** What some answers have besides. This backend speaks no HTTP any more where it was asked for another protocol. */
const FIELDS: Readonly<Record<string, string>> = {
  "/elsewhere": "X-Accel-Redirect: /inside/file\r\n",
  "/h2c": "Connection: close\r\n",
};
const REFUSED = /^HTTP\/1\.1 503 [^]*X-Maintenance-Mode: 1\r\n[^]*Retry-After: 120\r\n/;

describe("Hold by nginx with Lua", needs("nginx-lua", "openssl", "root"), () => {
  let world: HoldingNginx;
  let backend: RawBackend;
  let files = "";
  let serve: (path: string) => Promise<void> = async () => {};
  before(async () => {
    backend = await startRawBackend(({ head, socket, body }) => {
      const [, path = ""] = head.split(" ");
      void serve(path).then(() => socket.write(ok(`${path} ${body.length}`, FIELDS[path])));
    });
    files = mkdtempSync(join(tmpdir(), "fence-files-"));
    chmodSync(files, 0o755);
    writeFileSync(join(files, "file"), "from the disk");
    world = await startHoldingNginx(backend.port, {
      sendfile: { roots: [], accel: [{ prefix: "/inside/", dir: files }] },
      exceptions: {
        allow: [],
        trustedProxies: [{ family: 4, text: "127.0.0.0/8", first: "", last: "" }],
        pass: [],
        acme: true,
        health: { path: "/health", whileDown: "down" },
      },
    });
  });
  after(async () => {
    await world.end();
    await backend.close();
    rmSync(files, { recursive: true, force: true });
  });

  /** The paths that the backend has seen while `act` ran. */
  const seenDuring = async (act: () => Promise<void>): Promise<string[]> => {
    const from = backend.requests.length;
    await act();
    return backend.requests.slice(from).map(({ head }) => head.split(" ")[1] ?? "");
  };
  const isServed = async (path: string): Promise<void> => {
    const last = await new RawClient(world.port).send(get(path)).has(`${path} 0`);
    last.socket.destroy();
  };

  test("a client that leaves is taken out, however it leaves, and its request never runs", async () => {
    const leaves: Record<string, (client: RawClient) => void> = {
      "ends its side": (client) => client.socket.end(),
      "resets the connection": (client) => client.socket.resetAndDestroy(),
    };
    const messages: Record<string, string> = {
      "without a body": get("/left"),
      "with its body": post("/left", 2000, "x".repeat(2000)),
      "with a longer body": post("/left", 60_000, "x".repeat(60_000)),
      "within its body": post("/left", 2000, "x".repeat(100)),
      "with another request behind it": get("/left") + get("/left2"),
      "with a body in chunks":
        "POST /left HTTP/1.1\r\nHost: main.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    };
    const seen = await seenDuring(async () => {
      await world.hold();
      for (const [what, message] of Object.entries(messages)) {
        for (const [how, leave] of Object.entries(leaves)) {
          const client = new RawClient(world.port, { allowHalfOpen: true }).send(message);
          await world.waiting(1);
          leave(client);
          await until(`who ${how} ${what} to be out`, async () => (await world.held()).count === 0);
          client.socket.destroy();
        }
      }
      await world.up();
      await isServed("/last");
    });
    assert.deepEqual(seen, ["/last"]);
  });

  test("a client that leaves over TLS, or resets its HTTP/2 stream, is taken out, too", async () => {
    const seen = await seenDuring(async () => {
      await world.hold();
      const options = { port: world.tlsPort, servername: "main.test", rejectUnauthorized: false };
      const closes = [
        (client: ReturnType<typeof connectTls>) => client.end(),
        (client: ReturnType<typeof connectTls>) => client.destroy(),
      ];
      for (const close of closes) {
        const client = connectTls(options);
        client.on("error", () => {});
        await once(client, "secureConnect");
        client.write(post("/tls", 3000, "x".repeat(3000)));
        await world.waiting(1);
        close(client);
        await world.waiting(0);
      }
      const h2 = await session(world.tlsPort);
      for (const headers of [
        { ":path": "/h2" },
        { ":path": "/h2", ":method": "POST", "content-length": 4 },
      ]) {
        const stream = h2.request({ ":authority": "main.test", ...headers }, { endStream: false });
        stream.on("error", () => {});
        await world.waiting(1);
        stream.close(8);
        await world.waiting(0);
      }
      h2.destroy();
      await world.up();
      await isServed("/last");
    });
    assert.deepEqual(seen, ["/last"]);
  });

  test("requests of HTTP/2 wait beside each other and are answered whole", async () => {
    const seen = await seenDuring(async () => {
      await world.hold();
      const h2 = await session(world.tlsPort);
      const answers = [1, 2, 3].flatMap((n) => [
        request(h2, { ":path": `/get-${n}` }),
        request(h2, { ":path": `/post-${n}`, ":method": "POST" }, Buffer.alloc(70_000, "x")),
      ]);
      await world.waiting(6);
      await world.up();
      for (const { status, body } of await Promise.all(answers)) {
        assert.equal(status, 200);
        assert.match(body.toString(), /^\/(?:get-\d 0|post-\d 70000)$/);
      }
      h2.destroy();
    });
    assert.equal(seen.length, 6);
  });

  test("the health path never waits, whatever it is to answer", async () => {
    await world.hold();
    const health = await new RawClient(world.port).send(get("/health")).has(REFUSED);
    health.socket.destroy();
    await world.up();
  });

  test("a hold that expires is down, or up, as it says, and the probe says the same", async () => {
    const soon = (): number => Math.ceil(Date.now() / 1000 + 1) * 1000;
    const seen = await seenDuring(async () => {
      await world.hold({ expiresMs: soon() });
      const waits = await new RawClient(world.port).send(get("/expired")).has(REFUSED);
      const later = await new RawClient(world.port).send(get("/later")).has(REFUSED);
      const probe = await new RawClient(world.port).send(get("/.well-known/fence/probe")).has(REFUSED);
      for (const client of [waits, later, probe]) client.socket.destroy();
    });
    assert.deepEqual(seen, []);
    await world.hold({ expiresMs: soon(), onExpiry: "up" });
    const served = await new RawClient(world.port).send(get("/expired")).has("/expired 0");
    await served.send(get("/.well-known/fence/probe")).has('"fence":"up"');
    served.socket.destroy();
    await world.up();
  });

  test("who has waited for too long, or is one too many of a client, is told so", async () => {
    await world.hold({ maxWaitMs: 400, maxHeldPerClient: 2 });
    const from = (address: string) => get("/", `X-Forwarded-For: 10.0.0.9, ${address}, 127.0.0.3\r\n`);
    const seen = await seenDuring(async () => {
      const late = await new RawClient(world.port).send(get("/late")).has(REFUSED);
      late.socket.destroy();
    });
    assert.deepEqual(seen, []);
    await world.hold({ maxHeldPerClient: 2 });
    // One connection at a time: a client is counted by the worker that has it.
    const h2 = await session(world.tlsPort);
    const ask = (address: string) => request(h2, { ":path": "/", "x-forwarded-for": `10.0.0.9, ${address}` });
    const first = [ask("192.0.2.1"), ask("192.0.2.1")];
    await world.waiting(2);
    assert.equal((await ask("192.0.2.1")).status, 503);
    const other = ask("192.0.2.2:4711");
    await world.waiting(3);
    // Loopback and trusted proxies stand for many.
    const many = [1, 2, 3, 4].map(() =>
      new RawClient(world.port).send(from("127.0.0.2").replace("10.0.0.9, ", "")),
    );
    await world.waiting(7);
    await world.up();
    for (const { status } of await Promise.all([...first, other])) assert.equal(status, 200);
    await Promise.all(many.map((client) => client.has("200 OK")));
    for (const client of many) client.socket.destroy();
    h2.destroy();
  });

  test("what asks for another protocol and does not get it is at the backend like any other", async () => {
    let finish = (): void => {};
    serve = (path) => (path === "/h2c" ? new Promise((resolve) => (finish = resolve)) : Promise.resolve());
    const client = new RawClient(world.port).send(get("/h2c", "Upgrade: h2c\r\nConnection: Upgrade\r\n"));
    await until("it to be at the backend", async () => (await world.inflight()) === 1);
    finish();
    await client.has("/h2c 0");
    await until("it to have ended", async () => (await world.inflight()) === 0);
    client.socket.destroy();
    serve = async () => {};
  });

  test("a request that the backend sends elsewhere is counted once, and its end is seen", async () => {
    const client = await new RawClient(world.port).send(get("/elsewhere")).has("from the disk");
    assert.equal(await world.inflight(), 0);
    client.socket.destroy();
  });

  test("what a client asks for below a prefix of such files waits like any other, and is turned away like any other", async () => {
    await world.hold();
    const client = new RawClient(world.port).send(get("/inside/file"));
    await world.waiting(1);
    await world.switchTo("main", { mode: "down" });
    await client.has(REFUSED);
    await world.hold();
    client.send(get("/inside/file"));
    await world.waiting(1);
    await world.up();
    await client.has("/inside/file 0");
    client.socket.destroy();
  });

  test("a worker that is killed takes its own with it: the counts are right, and nobody else notices", async () => {
    let finish = (): void => {};
    serve = (path) => (path === "/slow" ? new Promise((resolve) => (finish = resolve)) : Promise.resolve());
    const slow = new RawClient(world.port).send(get("/slow"));
    await until("it to be at the backend", async () => (await world.inflight()) === 1);
    await world.switchTo("main", {
      mode: "hold",
      hold: { ...HOLD, expiresMs: Math.ceil(Date.now() / 1000 + 600) * 1000 },
    });
    const clients = Array.from({ length: 60 }, (_, n) => new RawClient(world.port).send(get(`/killed-${n}`)));
    await world.waiting(60);
    const [victim = 0] = world.workerPids();
    process.kill(victim, "SIGKILL");
    await until(
      "another worker",
      () => world.workerPids().length === 2 && !world.workerPids().includes(victim),
    );
    const left = (): number => clients.filter(({ end }) => end === null).length;
    await until("the counts to be right", async () => {
      const isSlowLeft = slow.end === null ? 1 : 0;
      return (await world.held()).count === left() && (await world.inflight()) === isSlowLeft;
    });
    const next = Array.from({ length: 20 }, (_, n) => new RawClient(world.port).send(get(`/next-${n}`)));
    await world.waiting(left() + 20);
    finish();
    await until("nothing at the backend", async () => (await world.inflight()) === 0);
    await world.up();
    const alive = [...clients.filter(({ end }) => end === null), ...next];
    await Promise.all(alive.map((client) => client.has("200 OK")));
    await world.waiting(0);
    assert.equal(await world.inflight(), 0);
    for (const client of [...clients, ...next, slow]) client.socket.destroy();
    serve = async () => {};
  });

  test("a reload leaves those that wait where they are, in workers that only wait for them", async () => {
    await world.hold();
    const clients = Array.from({ length: 40 }, (_, n) => new RawClient(world.port).send(get(`/reload-${n}`)));
    await world.waiting(40);
    const before = world.workerPids();
    process.kill(world.masterPid(), "SIGHUP");
    await until(
      "new workers",
      () => world.workerPids().length > before.length || !before.includes(world.workerPids()[0] ?? 0),
    );
    const next = Array.from({ length: 20 }, (_, n) => new RawClient(world.port).send(get(`/after-${n}`)));
    await world.waiting(60);
    const seen = await seenDuring(async () => {
      await world.up();
      await Promise.all([...clients, ...next].map((client) => client.has("200 OK")));
    });
    assert.equal(new Set(seen).size, 60);
    for (const client of [...clients, ...next]) client.socket.destroy();
    await until("the old workers to end", () => !before.some((pid) => world.workerPids().includes(pid)));
  });

  test("a switch to down tells those that wait", async () => {
    await world.hold();
    const clients = Array.from({ length: 200 }, () => new RawClient(world.port).send(get("/downed")));
    await world.waiting(200);
    const seen = await seenDuring(async () => {
      await world.switchTo("main", { mode: "down" });
      await Promise.all(clients.map((client) => client.has(REFUSED)));
    });
    assert.deepEqual(seen, []);
    await world.up();
    for (const client of clients) client.socket.destroy();
  });

  test("nothing of it has left a trace in the error log", () => {
    const log = readFileSync(join(world.folder, "run/web/error.log"), "utf8");
    const isExpected = /\[warn\] .* a client request body is buffered|exited on signal 9/;
    assert.deepEqual(
      log.split("\n").filter((line) => line !== "" && !isExpected.test(line)),
      [],
    );
  });
});

const HOLD = {
  maxWaitMs: 120_000,
  maxHeld: 10_000,
  maxHeldPerClient: 10_000,
  maxBodyBytes: 65_536,
  releaseConcurrency: 64,
  onExpiry: "down",
} as const;

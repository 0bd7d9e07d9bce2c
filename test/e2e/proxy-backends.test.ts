import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { ok, startRawBackend, type RawBackend, type RawRequest } from "../support/raw-backend.js";
import { freePort, until } from "../support/world.js";

const HOST = "Host: main.test\r\n";
const GET = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`;

/** What the backend does, by the path it is asked for. */
function script({ head, socket, turn, body }: RawRequest): void {
  const [method, path = ""] = head.split(" ");
  const answers: Record<string, () => unknown> = {
    "/ok": () => socket.write(ok(`${method} ${turn} ${body}`)),
    "/cut-head": () => socket.end("HTTP/1.1 200 OK\r\nContent-Le"),
    "/cut-length": () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
    "/cut-chunked": () => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    "/cut-between-chunks": () =>
      socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    "/bad-chunk": () => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
    "/until-close": () => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"),
    "/until-reset": () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\npart of it");
      setTimeout(() => socket.resetAndDestroy(), 100);
    },
    "/until-reset-at-once": () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\npart of it");
      socket.resetAndDestroy();
    },
    "/chunked": () =>
      socket.write(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n",
      ),
    "/head": () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
    "/204": () => socket.write("HTTP/1.1 204 No Content\r\n\r\n"),
    "/304": () => socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\nETag: "x"\r\n\r\n'),
    "/early": () => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok("late")}`),
    "/surplus": () => socket.write(`${ok("answer")}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`),
    "/malformed": () => socket.write("HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n"),
    "/close": () => socket.end(),
    "/close-second": () => (turn === 1 ? socket.write(ok("first")) : socket.end()),
    "/slow": () => setTimeout(() => socket.write(ok("slow")), 300),
    "/wait": () => {},
  };
  (answers[path] ?? (() => socket.write(ok(head))))();
}

describe("The proxy and its backends", needs("root"), () => {
  let backend: RawBackend;
  let world: ProxyWorld;
  before(async () => {
    backend = await startRawBackend(script);
    world = await startProxy([tcp(backend.port)]);
  });
  after(async () => {
    await world?.end();
    await backend?.close();
  });

  for (const path of ["/cut-length", "/cut-chunked", "/cut-between-chunks", "/bad-chunk", "/until-reset"]) {
    test(`An answer that breaks off (${path}) is seen as broken off by the client`, async () => {
      const client = await exchange(world.port, GET(path));
      // What was not sent yet goes down with the connection.
      assert.match(client.text, /^(?:HTTP\/1\.1 200 OK\r\n|$)/);
      // libuv may take a reset that comes with the last data for an end; only here the reset is all that tells.
      if (path === "/until-reset") assert.equal(client.end, "reset");
      else assert.doesNotMatch(client.text, /\r\n0\r\n\r\n|abc.{7}/s);
      await assert.rejects(ask({ port: world.port, host: "main.test", path }));
      const line = new RegExp(`"reason":"backend-cut-off".*"target":"${path}"`);
      await until("a line in the log", () => line.test(world.errors()));
    });
  }

  test("A reset right behind the last bytes is no end of an answer that ends with its connection", async () => {
    const rounds = 30;
    for (let round = 0; round < rounds; round += 1) await exchange(world.port, GET("/until-reset-at-once"));
    const cut = /"reason":"backend-cut-off".*"target":"\/until-reset-at-once"/g;
    await until("a line for each", () => world.errors().match(cut)?.length === rounds, 5000);
  });

  test("An answer that breaks off in its head, or never begins, is a 502, and so is a malformed one", async () => {
    for (const path of ["/cut-head", "/close", "/malformed"]) {
      const answer = await ask({ port: world.port, host: "main.test", path });
      assert.equal(answer.status, 502, path);
    }
  });

  test("An answer that ends with the connection is whole, and ends the client's", async () => {
    const client = await exchange(world.port, GET("/until-close"));
    assert.match(client.text, /\r\nConnection: close\r\n\r\nall of it$/);
    assert.equal(client.end, "clean");
  });

  test("Chunks are passed on as they came, without extensions, and taken off for HTTP/1.0", async () => {
    const client = await new RawClient(world.port).send(GET("/chunked")).has("0\r\n\r\n");
    assert.match(client.text, /Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n$/);
    client.socket.destroy();
    const old = await exchange(world.port, `GET /chunked HTTP/1.0\r\n${HOST}\r\n`);
    assert.match(old.text, /\r\n\r\nabcde$/);
    assert.doesNotMatch(old.text, /chunked/i);
  });

  test("HEAD, 204 and 304 have no body, and the connection goes on behind them", async () => {
    const client = new RawClient(world.port);
    client.send(`HEAD /head HTTP/1.1\r\n${HOST}\r\n`);
    await client.has("Content-Length: 1000\r\n\r\n");
    client.send(GET("/204"));
    await client.has("204 No Content\r\n\r\n");
    client.send(GET("/304"));
    await client.has('ETag: "x"\r\nContent-Length: 50\r\n\r\n');
    client.send(GET("/ok"));
    await client.has("GET ");
    client.socket.destroy();
  });

  test("Interim answers reach a client of HTTP/1.1 and none of HTTP/1.0", async () => {
    const client = await new RawClient(world.port).send(GET("/early")).has("late");
    assert.match(client.text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    client.socket.destroy();
    const old = await exchange(world.port, `GET /early HTTP/1.0\r\n${HOST}\r\n`);
    assert.match(old.text, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("What a backend sends beyond its answer never reaches the next client", async () => {
    for (let round = 0; round < 20; round += 1) {
      assert.equal((await ask({ port: world.port, host: "main.test", path: "/surplus" })).body, "answer");
      assert.match((await ask({ port: world.port, host: "main.test", path: "/ok" })).body, /^GET /);
    }
  });

  test("Pipelined requests are answered in their order", async () => {
    const client = new RawClient(world.port).send(GET("/slow") + GET("/ok") + GET("/nobody") + GET("/204"));
    await client.has("204 No Content");
    const order = ["slow", "GET ", "GET /nobody", "204 No Content"].map((part) => client.text.indexOf(part));
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
    client.socket.destroy();
  });

  test("A client that closes its side after its request still gets the answer", async () => {
    const client = new RawClient(world.port, { allowHalfOpen: true });
    client.socket.end(GET("/slow"));
    await client.ended();
    assert.match(client.text, /\r\n\r\nslow$/);
  });

  test("A client that waits for 100 gets it once the backend is there, and the backend never sees Expect", async () => {
    const head = `POST /ok HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
    const client = await new RawClient(world.port).send(head).has("HTTP/1.1 100 Continue\r\n\r\n");
    await client.send("abc").has("abc");
    assert.match(client.text, /100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(backend.requests.at(-1)?.head ?? "", /expect/i);
    client.socket.destroy();
  });

  test("A request whose idle connection turns out closed is sent again only when it may be", async () => {
    const count = (method: string): number =>
      backend.requests.filter(({ head }) => head.startsWith(`${method} /close-second`)).length;
    for (let round = 0; round < 5; round += 1) {
      assert.equal((await ask({ port: world.port, host: "main.test", path: "/close-second" })).status, 200);
    }
    assert.ok(count("GET") > 5, "some of them were sent twice");
    const before = count("POST");
    let failed = 0;
    for (let round = 0; round < 6; round += 1) {
      const post = {
        port: world.port,
        host: "main.test",
        path: "/close-second",
        method: "POST",
        body: Buffer.from("x"),
      };
      if ((await ask(post)).status === 502) failed += 1;
    }
    assert.equal(count("POST") - before, 6, "each was sent exactly once");
    assert.ok(failed > 0);
  });

  test("Requests at the backend are counted exactly", async () => {
    const clients = [1, 2, 3].map(() => new RawClient(world.port).send(GET("/wait")));
    await until("three in flight", async () => (await world.status()).sites[0]?.inflight === 3);
    clients[0]?.socket.resetAndDestroy();
    await until("two in flight", async () => (await world.status()).sites[0]?.inflight === 2);
    assert.equal((await world.status()).backends[0]?.inflight, 2);
    for (const client of clients) client.socket.resetAndDestroy();
    await until("none in flight", async () => (await world.status()).sites[0]?.inflight === 0);
    await until("a line in the log", () => world.errors().includes('"status":499,"reason":"client-gone"'));
  });

  test("10,000 mixed requests over kept connections: each answer is that of its request", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    let next = 0;
    const run = async (): Promise<void> => {
      for (let id = (next += 1); id <= 10_000; id = next += 1) {
        const path = `/nonce-${id}`;
        const body = id % 3 === 0 ? Buffer.alloc((id * 37) % 20_000, "b") : undefined;
        const method = body ? "POST" : "GET";
        const answer = await ask({
          port: world.port,
          host: "main.test",
          path,
          method,
          agent,
          ...(body ? { body } : {}),
        });
        assert.ok(answer.body.startsWith(`${method} ${path} HTTP/1.1`), answer.body.slice(0, 80));
      }
    };
    await Promise.all(Array.from({ length: 16 }, run));
    agent.destroy();
  });
});

describe("Failover", needs("root"), () => {
  test("A backend that refuses connections is passed over, whatever the request", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fence-failover-"));
    const path = join(folder, "app.sock");
    const backend = await startRawBackend(({ socket, head }) => socket.write(ok(head.split(" ")[0] ?? "")), {
      path,
    });
    const world = await startProxy([tcp(await freePort()), { kind: "unix", path }, tcp(await freePort())]);
    try {
      for (let round = 0; round < 10; round += 1) {
        for (const method of ["GET", "POST"]) {
          const body = method === "POST" ? { body: Buffer.alloc(100_000, "x") } : {};
          const answer = await ask({ port: world.port, host: "main.test", method, ...body });
          assert.deepEqual([answer.status, answer.body], [200, method]);
        }
      }
      assert.equal(backend.requests.length, 20);
      assert.match(world.errors(), /"event":"backend-refused".*"why":"ECONNREFUSED"/);
      await backend.close();
      rmSync(path, { force: true });
      assert.equal((await ask({ port: world.port, host: "main.test" })).status, 502);
      await until("a line in the log", () => world.errors().includes('"reason":"connect-failed"'));
    } finally {
      await world.end();
      await backend.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("A backend may be named", async () => {
    const backend = await startRawBackend(({ socket }) => socket.write(ok("x".repeat(100_000))));
    const world = await startProxy([{ kind: "tcp", host: "localhost", port: backend.port }]);
    try {
      for (let round = 0; round < 3; round += 1)
        assert.equal((await ask({ port: world.port, host: "main.test" })).body.length, 100_000);
    } finally {
      await world.end();
      await backend.close();
    }
  });

  test("Backends take turns", async () => {
    const backends = await Promise.all(
      [1, 2, 3].map((id) => startRawBackend(({ socket }) => socket.write(ok(String(id))))),
    );
    const world = await startProxy(backends.map(({ port }) => tcp(port)));
    try {
      const seen: string[] = [];
      for (let round = 0; round < 9; round += 1)
        seen.push((await ask({ port: world.port, host: "main.test" })).body);
      assert.deepEqual(seen.slice(0, 3).sort(), ["1", "2", "3"]);
      assert.deepEqual(seen.slice(3), seen.slice(0, 6));
    } finally {
      await world.end();
      await Promise.all(backends.map((one) => one.close()));
    }
  });
});

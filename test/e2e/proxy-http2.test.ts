import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import http from "node:http";
import type { ClientHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { startFront } from "../support/front.js";
import { holdAndDrain, waiting } from "../support/hold.js";
import { http2Socket, request, session } from "../support/http2-client.js";
import { httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import { type ProxyWorld } from "../support/proxy.js";
import { freePort, until } from "../support/world.js";

const BIG = randomBytes(3 * 1024 * 1024);

interface Seen {
  method: string;
  headers: http.IncomingHttpHeaders;
  raw: string[];
  body: Buffer;
}

describe("The proxy and clients of HTTP/2", needs("root", "openssl"), () => {
  let world: ProxyWorld;
  let port: number;
  let on: ClientHttp2Session;
  const seen: Seen[] = [];
  let closed = 0;
  const backend = http.createServer((asked, response) => {
    const chunks: Buffer[] = [];
    response.on("close", () => (closed += response.writableFinished ? 0 : 1));
    asked.on("error", () => {});
    if (asked.url === "/drip") return void response.write("never the rest");
    if (asked.url === "/deaf") return;
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const { method = "", headers, rawHeaders: raw } = asked;
      seen.push({ method, headers, raw, body: Buffer.concat(chunks) });
      answer(asked, response);
    });
  });
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    port = await freePort();
    world = await startFront(() => [httpsAt(port, true)], (backend.address() as AddressInfo).port);
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
    on = await session(port);
  });
  after(async () => {
    on?.destroy();
    await world?.end();
    backend.closeAllConnections();
    backend.close();
  });

  test("An answer comes whole, whatever framing the backend gave it, and without its connection fields", async () => {
    for (const path of ["/length", "/chunked", "/until-close", "/empty", "/empty-chunked"]) {
      const { status, headers, body } = await request(on, { ":path": path });
      assert.equal(status, 200, path);
      assert.ok(body.equals(path.startsWith("/empty") ? Buffer.alloc(0) : BIG), `${path}: ${body.length}`);
      for (const name of ["connection", "transfer-encoding", "keep-alive", "trailer"])
        assert.equal(headers[name], undefined, `${path}: ${name}`);
      assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"], path);
      assert.equal(headers["x-twice"], "1, 2", path);
      assert.equal(headers["content-length"], { "/length": String(BIG.length), "/empty": "0" }[path], path);
    }
  });

  test("Answers without a body end with their head", async () => {
    const head = await request(on, { ":path": "/length", ":method": "HEAD" });
    assert.deepEqual(
      [head.status, head.headers["content-length"], head.body.length],
      [200, String(BIG.length), 0],
    );
    for (const status of [204, 304]) {
      const answer = await request(on, { ":path": `/${status}` });
      assert.deepEqual([answer.status, answer.body.length], [status, 0]);
    }
  });

  test("A backend is asked in HTTP/1.1, as if the client spoke it", async () => {
    await request(on, {
      ":path": "/a?b=c",
      cookie: ["a=1", "b=2; c=3"],
      te: "trailers",
      "x-forwarded-for": "6.6.6.6",
      "x-note": "h\xe9",
    });
    const got = seen.at(-1);
    assert.equal(got?.method, "GET");
    assert.equal(got.headers.host, "main.test");
    assert.equal(got.headers.cookie, "a=1; b=2; c=3");
    assert.equal(got.raw.filter((name) => /^cookie$/i.test(name)).length, 1);
    assert.equal(got.headers.te, undefined);
    assert.equal(got.headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(got.headers["x-forwarded-proto"], "https");
    assert.equal(got.headers["x-note"], "h\xe9");
    assert.ok(!got.raw.some((name) => name.startsWith(":")));
  });

  test("A request body reaches the backend whole, with or without its length", async () => {
    for (const headers of [{}, { "content-length": BIG.length }]) {
      await request(on, { ":method": "POST", ":path": "/length", ...headers }, BIG);
      const got = seen.at(-1);
      assert.ok(got !== undefined && got.body.equals(BIG));
      assert.equal(got.headers["transfer-encoding"], "content-length" in headers ? undefined : "chunked");
    }
    await request(on, { ":method": "POST", ":path": "/empty" });
    assert.equal(seen.at(-1)?.headers["content-length"], "0");
  });

  test("100 is passed on to who waits for it", async () => {
    const { interim } = await request(
      on,
      { ":method": "POST", ":path": "/empty", expect: "100-continue", "content-length": 2 },
      Buffer.from("ab"),
    );
    assert.deepEqual(interim, [100]);
  });

  test("A hundred streams at once each get their own answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => request(on, { ":path": `/echo/${index}` })),
    );
    answers.forEach(({ body }, index) => assert.equal(body.toString(), `/echo/${index}`));
  });

  test("An answer that breaks off is a reset, never a clean end", async () => {
    for (const path of ["/cut-chunked", "/cut-length"])
      await assert.rejects(request(on, { ":path": path }), /INTERNAL_ERROR|reset with 2/);
    assert.equal((await request(on, { ":path": "/empty" })).status, 200);
  });

  test("A client that takes its request back takes it from the backend, too", async () => {
    const before = closed;
    const streams = ["/drip", "/deaf"].map((path) =>
      on.request({ ":path": path, ":authority": "main.test" }),
    );
    for (const stream of streams) stream.on("error", () => {});
    await until("both are in flight", async () => (await world.status()).sites[0]?.inflight === 2);
    for (const stream of streams) stream.close(8);
    await until("the backend is rid of them", () => closed === before + 2);
    assert.equal((await world.status()).sites[0]?.inflight, 0);
  });

  test("Down is the same answer as over HTTP/1.1, also to an upload, and the connection goes on", async () => {
    await world.switchTo("main", { mode: "down" });
    await world.sync("main");
    const count = seen.length;
    const { status, headers, body } = await request(on, { ":path": "/", accept: "application/problem+json" });
    assert.equal(status, 503);
    assert.equal(headers["x-maintenance-mode"], "1");
    assert.equal(headers["cache-control"], "no-store");
    assert.ok(headers["retry-after"]);
    assert.equal(Number(headers["content-length"]), body.length);
    assert.equal((await request(on, { ":method": "POST", ":path": "/" }, BIG)).status, 503);
    const head = await request(on, { ":path": "/", ":method": "HEAD", accept: "application/problem+json" });
    assert.deepEqual([head.headers["content-length"], head.body.length], [headers["content-length"], 0]);
    assert.equal(seen.length, count);
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
    assert.equal((await request(on, { ":path": "/empty" })).status, 200);
  });

  test("A held stream goes on whole at the release, and one that is reset or loses its connection never runs", async () => {
    await holdAndDrain(world);
    const count = seen.length;
    const waits = request(on, { ":method": "POST", ":path": "/empty" }, Buffer.from("held"));
    await waiting(world, 1);
    const reset = on.request({ ":path": "/empty", ":authority": "main.test" }).on("error", () => {});
    await waiting(world, 2);
    reset.close(8);
    await waiting(world, 1);
    const gone = await session(port);
    gone.request({ ":path": "/empty", ":authority": "main.test" }).on("error", () => {});
    await waiting(world, 2);
    gone.destroy();
    await waiting(world, 1);
    assert.equal(seen.length, count);
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
    assert.equal((await waits).status, 200);
    assert.deepEqual(
      seen.slice(count).map(({ body }) => body.toString()),
      ["held"],
    );
  });

  test("A client that takes nothing, and a backend that takes nothing, do not make the proxy grow", async () => {
    const before = world.memoryPeak();
    const socket = http2Socket(port);
    const slow = await session(port, socket);
    const down = Array.from({ length: 20 }, () =>
      slow.request({ ":path": "/endless", ":authority": "main.test" }),
    );
    const up = Array.from({ length: 20 }, () => {
      const stream = slow.request({ ":method": "POST", ":path": "/deaf", ":authority": "main.test" });
      stream.write(Buffer.alloc(8 * 1024 * 1024));
      return stream;
    });
    for (const stream of [...down, ...up]) stream.on("error", () => {});
    await until("all are in flight", async () => (await world.status()).sites[0]?.inflight === 40);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    // The session's own destroy() waits for a write that nobody takes.
    socket.destroy();
    await until("all are gone", async () => (await world.status()).sites[0]?.inflight === 0);
    const grown = world.memoryPeak() - before;
    assert.ok(grown < 96 * 1024 * 1024, `${grown} bytes more`);
  });

  test("An upload that is taken back while the backend takes nothing is over at once", async () => {
    const stream = on.request({ ":method": "POST", ":path": "/deaf", ":authority": "main.test" });
    stream.on("error", () => {});
    stream.write(Buffer.alloc(8 * 1024 * 1024));
    const inflight = async (): Promise<number | undefined> => (await world.status()).sites[0]?.inflight;
    await until("it is in flight", async () => (await inflight()) === 1);
    stream.close(8);
    await until("it is gone", async () => (await inflight()) === 0);
  });

  test("At its end the proxy says so, and finishes what has begun", async () => {
    const last = await session(port);
    let goaway = -1;
    last.on("goaway", (code: number) => (goaway = code));
    const under = request(last, { ":path": "/slow" });
    await until("it is in flight", async () => (await world.status()).sites[0]?.inflight === 1);
    process.kill(world.masterPid(), "SIGTERM");
    await until("GOAWAY", () => goaway === 0);
    assert.equal((await under).body.toString(), "slow");
    await until("it is gone", () => /"event":"stopped"/.test(world.errors()));
  });
});

function answer(asked: http.IncomingMessage, response: http.ServerResponse): void {
  const path = asked.url ?? "";
  response.setHeader("Set-Cookie", ["a=1", "b=2"]);
  response.setHeader("X-Twice", ["1", "2"]);
  if (path === "/length") response.setHeader("Content-Length", BIG.length).end(BIG);
  else if (path === "/chunked") {
    response.setHeader("Trailer", "X-After");
    response.write(BIG.subarray(0, 70_000));
    response.addTrailers({ "X-After": "1" });
    response.end(BIG.subarray(70_000));
  } else if (path === "/until-close") {
    response.setHeader("Connection", "close").removeHeader("Transfer-Encoding");
    response.useChunkedEncodingByDefault = false;
    response.end(BIG);
  } else if (path === "/204" || path === "/304") response.writeHead(Number(path.slice(1))).end();
  else if (path === "/empty-chunked") response.writeHead(200, { "Transfer-Encoding": "chunked" }).end();
  else if (path.startsWith("/cut")) {
    if (path === "/cut-length") response.setHeader("Content-Length", 100);
    response.write("half of it");
    setTimeout(() => response.destroy(), 50);
  } else if (path === "/endless") {
    const more = (): void => {
      while (response.write(BIG));
      response.once("drain", more);
    };
    more();
  } else if (path === "/slow") setTimeout(() => response.end("slow"), 500);
  else if (path.startsWith("/echo")) response.end(path);
  else response.setHeader("Content-Length", 0).end();
}

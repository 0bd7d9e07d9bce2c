import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { brotliDecompressSync, createGunzip, gunzipSync } from "node:zlib";
import { buildCompress } from "../../src/spec/build-answers.js";
import { output, record, startFastcgi } from "../support/fastcgi-backend.js";
import { startFront } from "../support/front.js";
import { request, session } from "../support/http2-client.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { freePort, until } from "../support/world.js";

const MIB = 1024 * 1024;
const TEXT = Buffer.from(Array.from({ length: 40_000 }, (_, line) => `line ${line} of the text\n`).join(""));
/** What no coder makes smaller. */
const NOISE = randomBytes(MIB);
const NOISE_MIB = 120;
const COMPRESS = buildCompress({ types: ["text/*", "text/event-stream", "application/json"] });

interface Got {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

function get(port: number, path: string, accept: string, more: http.RequestOptions = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { Host: "main.test", "Accept-Encoding": accept };
    http
      .request({ host: "127.0.0.1", port, path, agent: false, headers, ...more }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      })
      .on("error", reject)
      .end();
  });
}

const decoded = ({ headers, body }: Got): Buffer =>
  headers["content-encoding"] === "br"
    ? brotliDecompressSync(body)
    : headers["content-encoding"] === "gzip"
      ? gunzipSync(body)
      : body;

/** Or closed. */
function drained(response: http.ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
  });
}

describe("Compression by the proxy", needs("root", "openssl"), () => {
  let world: ProxyWorld;
  let port: number;
  let tlsPort: number;
  let noiseSent = 0;
  let cutShort = 0;
  const streams: http.ServerResponse[] = [];
  const backend = http.createServer((asked, response) => {
    const type = asked.url?.startsWith("/json") ? "application/json" : "text/plain";
    response.setHeader("Content-Type", type);
    response.setHeader("ETag", '"a"');
    if (asked.url === "/length" || asked.url === "/json") response.setHeader("Content-Length", TEXT.length);
    switch (asked.url) {
      case "/stream":
        response.setHeader("Content-Type", "text/event-stream");
        streams.push(response);
        response.write("data: 1\n\n");
        return;
      case "/noise":
        response.on("close", () => (cutShort += response.writableFinished ? 0 : 1));
        return void sendNoise(response);
      case "/cut":
        streams.push(response);
        return void response.write(TEXT);
      case "/pieces":
        return void sendPieces(response);
      case "/small":
        return void response.setHeader("Content-Length", 5).end("small");
      default:
        response.end(TEXT);
    }
  });
  async function sendNoise(response: http.ServerResponse): Promise<void> {
    for (let sent = 0; sent < NOISE_MIB && !response.destroyed; sent += 1) {
      noiseSent += MIB;
      if (response.write(NOISE)) continue;
      await drained(response);
    }
    response.end();
  }
  async function sendPieces(response: http.ServerResponse): Promise<void> {
    for (let at = 0, size = 1; at < TEXT.length; at += size, size = (size * 7) % 90_001) {
      response.write(TEXT.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  }
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    port = await freePort();
    tlsPort = await freePort();
    world = await startFront(
      () => [httpAt(port), httpsAt(tlsPort, true)],
      (backend.address() as AddressInfo).port,
      { compress: COMPRESS },
    );
    const { reloads } = await world.status();
    const accessLog = { format: "json", file: join(world.folder, "access.log") } as const;
    world.respec((spec) => ({ ...spec, servers: spec.servers.map((one) => ({ ...one, accessLog })) }));
    process.kill(world.masterPid(), "SIGHUP");
    await until("the access log", async () => (await world.status()).reloads > reloads);
  });
  after(async () => {
    await world?.end();
    backend.closeAllConnections();
    backend.close();
  });

  const rest = (): Promise<void> =>
    until("no request at the backend", async () => (await world.status()).sites[0]?.inflight === 0);

  test("A client gets the same bytes, smaller, in the coding that it likes best", async () => {
    for (const path of ["/length", "/chunked", "/pieces", "/json"])
      for (const [accept, coding] of [
        ["gzip, br", "br"],
        ["gzip", "gzip"],
        ["br;q=0.1, gzip", "gzip"],
        ["deflate", undefined],
      ] as const) {
        const got = await get(port, path, accept);
        assert.equal(got.headers["content-encoding"], coding, path);
        assert.equal(got.headers.vary, "Accept-Encoding");
        assert.equal(got.headers.etag, coding === undefined ? '"a"' : 'W/"a"');
        assert.ok(decoded(got).equals(TEXT), `${path} ${accept}`);
        if (coding !== undefined) assert.ok(got.body.length < TEXT.length / 3, `${got.body.length}`);
      }
    const small = await get(port, "/small", "gzip");
    assert.deepEqual([small.headers["content-encoding"], small.body.toString()], [undefined, "small"]);
  });

  test("Many at once do not mix", async () => {
    const all = Array.from({ length: 40 }, (_, index) =>
      get(port, index % 2 ? "/pieces" : "/chunked", index % 3 ? "gzip" : "br"),
    );
    for (const got of await Promise.all(all)) assert.ok(decoded(got).equals(TEXT));
    await rest();
  });

  test("HEAD has the head of GET, and a connection of the client goes on", async () => {
    const head = await get(port, "/length", "gzip", { method: "HEAD" });
    assert.equal(head.headers["content-encoding"], "gzip");
    assert.equal(head.headers["content-length"], undefined);
    assert.equal(head.body.length, 0);
    const one = "GET /chunked HTTP/1.1\r\nHost: main.test\r\nAccept-Encoding: gzip\r\n";
    const { text } = await exchange(port, `${one}\r\n${one}\r\n${one}Connection: close\r\n\r\n`);
    assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
    assert.equal(text.match(/\r\n0\r\n\r\n/g)?.length, 3);
  });

  test("A client of HTTP/1.0 gets the answer as it is", async () => {
    const old = "GET /length HTTP/1.0\r\nHost: main.test\r\nAccept-Encoding: gzip\r\n\r\n";
    const { text } = await exchange(port, old);
    assert.doesNotMatch(text, /content-encoding/i);
    assert.ok(text.endsWith(TEXT.toString("latin1")));
  });

  test("What a stream has said is there before it says more", async () => {
    const seen: string[] = [];
    const asked = http.get({
      host: "127.0.0.1",
      port,
      path: "/stream",
      agent: false,
      headers: { Host: "main.test", "Accept-Encoding": "gzip" },
    });
    asked.on("error", () => {});
    asked.on("response", (response) => {
      assert.equal(response.headers["content-encoding"], "gzip");
      response.on("error", () => {});
      response.pipe(createGunzip()).on("data", (chunk: Buffer) => seen.push(chunk.toString()));
    });
    for (const count of [1, 2, 3]) {
      await until(`event ${count}`, () => seen.join("").split("\n\n").length > count);
      streams.at(-1)?.write(`data: ${count + 1}\n\n`);
    }
    streams.at(-1)?.end("data: last\n\n");
    await until("the end", () => seen.join("").endsWith("data: last\n\n"));
    await rest();
  });

  test("A client that reads nothing holds the backend back, without memory; when it leaves, so does the backend", async () => {
    await get(port, "/length", "gzip");
    const before = world.memoryPeak();
    noiseSent = 0;
    const client = new RawClient(port);
    client.socket.once("data", () => client.socket.pause());
    client.send("GET /noise HTTP/1.1\r\nHost: main.test\r\nAccept-Encoding: gzip\r\n\r\n");
    await until("the backend to be held back", async () => {
      const seen = noiseSent;
      await pause(300);
      return seen > 0 && seen === noiseSent;
    });
    assert.ok(noiseSent < 40 * MIB, `${noiseSent / MIB} MiB were taken`);
    assert.ok(world.memoryPeak() - before < 60 * MIB, `${(world.memoryPeak() - before) / MIB} MiB`);
    client.socket.destroy();
    await until("the backend to see it", () => cutShort === 1);
    await rest();
  });

  test("A body that nothing makes smaller comes whole, and takes no memory", async () => {
    const before = world.memoryPeak();
    const bytes = await new Promise<number>((resolve, reject) => {
      const headers = { Host: "main.test", "Accept-Encoding": "gzip" };
      http
        .get({ host: "127.0.0.1", port, path: "/noise", agent: false, headers }, (response) => {
          let total = 0;
          response.on("error", reject);
          const plain = response.pipe(createGunzip());
          plain.on("data", (chunk: Buffer) => (total += chunk.length));
          plain.on("error", reject);
          plain.on("end", () => resolve(total));
        })
        .on("error", reject);
    });
    assert.equal(bytes, NOISE_MIB * MIB);
    assert.ok(world.memoryPeak() - before < 60 * MIB, `${(world.memoryPeak() - before) / MIB} MiB`);
  });

  test("An answer that breaks off is broken off", async () => {
    const client = new RawClient(port);
    client.send("GET /cut HTTP/1.1\r\nHost: main.test\r\nAccept-Encoding: gzip\r\n\r\n");
    await client.has("Content-Encoding: gzip");
    streams.at(-1)?.destroy();
    // Whether by a reset is not asked: a client that still has data to read may see no more than the end.
    await client.ended();
    assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/);
    await rest();
  });

  test("The access log has the bytes that were sent", async () => {
    const { body } = await get(port, "/length?log", "gzip");
    await until("the line", () => {
      const lines = readFileSync(join(world.folder, "access.log"), "utf8").split("\n").filter(Boolean);
      const line = lines
        .map((one) => JSON.parse(one) as { target: string; bytes: number })
        .find(({ target }) => target === "/length?log");
      if (line === undefined) return false;
      assert.equal(line.bytes, body.length);
      return true;
    });
  });

  test("A client of HTTP/2 sees the same", async () => {
    const on = await session(tlsPort);
    try {
      const { headers, body } = await request(on, { ":path": "/chunked", "accept-encoding": "br" });
      assert.deepEqual([headers["content-encoding"], headers["vary"]], ["br", "Accept-Encoding"]);
      assert.ok(brotliDecompressSync(body).equals(TEXT));
      const head = await request(on, { ":path": "/length", ":method": "HEAD", "accept-encoding": "br" });
      assert.deepEqual([head.headers["content-encoding"], head.headers["content-length"]], ["br", undefined]);
    } finally {
      on.destroy();
    }
  });
});

test("The answers of a FastCGI application are compressed, of whatever length", needs("root"), async () => {
  const root = mkdtempSync(join(tmpdir(), "fence-compress-"));
  writeFileSync(join(root, "a.php"), "");
  const text = TEXT.toString("latin1");
  const backend = await startFastcgi(({ socket, params }) => {
    const head = "Content-Type: text/plain\r\n";
    if (params.get("QUERY_STRING") === "length")
      socket.write(output(`${head}Content-Length: ${text.length}\r\n\r\n${text}`), "latin1");
    else if (params.get("QUERY_STRING") === "whole")
      socket.write(output(`${head}\r\n${text.slice(0, 20_000)}`), "latin1");
    else {
      socket.write(record(6, `${head}\r\n${text.slice(0, 1000)}`), "latin1");
      setTimeout(() => socket.write(output(text.slice(1000)), "latin1"), 20);
    }
  });
  const cgi = { root, index: "index.php", split: [".php"], params: [] };
  const world = await startProxy([tcp(backend.port)], { compress: COMPRESS }, { protocol: "fastcgi", cgi });
  try {
    for (const query of ["length", "whole", "long", "length"]) {
      const got = await get(world.port, `/a.php?${query}`, "gzip");
      assert.deepEqual([got.status, got.headers["content-encoding"]], [200, "gzip"], query);
      const expected = query === "whole" ? text.slice(0, 20_000) : text;
      assert.ok(decoded(got).equals(Buffer.from(expected)), query);
    }
  } finally {
    await world.end();
    await backend.close();
    rmSync(root, { recursive: true });
  }
});

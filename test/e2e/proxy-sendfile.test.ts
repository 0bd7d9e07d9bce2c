import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { Site } from "../../src/spec/types.js";
import { startToldBackend, tell, type Told, type ToldBackend } from "../support/answer-as-told.js";
import { output, startFastcgi } from "../support/fastcgi-backend.js";
import { startFront } from "../support/front.js";
import { request, session } from "../support/http2-client.js";
import { ask, type Answer } from "../support/http-answer.js";
import { httpAt, httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { freePort, until } from "../support/world.js";

const MIB = 1024 * 1024;
const BIG = randomBytes(3 * MIB + 17);
const SMALL = "the small file\n";
const GIBS = 2;

interface Line {
  target: string;
  status: number;
  bytes: number;
  reason: string | null;
}

function makeSparse(path: string, bytes: number): void {
  fs.writeFileSync(path, "");
  fs.truncateSync(path, bytes);
}

function makeFiles(folder: string): void {
  const files = join(folder, "files");
  fs.mkdirSync(join(files, "deep"), { recursive: true });
  fs.mkdirSync(join(folder, "outside"));
  fs.writeFileSync(join(files, "small.txt"), SMALL);
  fs.writeFileSync(join(files, "big.bin"), BIG);
  fs.writeFileSync(join(files, "ä b.txt"), "umlaut");
  fs.writeFileSync(join(folder, "outside/secret.txt"), "SECRET");
  fs.symlinkSync("../outside/secret.txt", join(files, "out.txt"));
  fs.symlinkSync("../outside", join(files, "out"));
  fs.symlinkSync("small.txt", join(files, "in.txt"));
  execFileSync("mkfifo", [join(files, "fifo")]);
  makeSparse(join(files, "sparse"), GIBS * 1024 * MIB);
}

describe("A file that a backend has sent", needs("root", "openssl"), () => {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "fence-sendfile-")));
  const file = (name: string): string => join(folder, "files", name);
  let backend: ToldBackend;
  let world: ProxyWorld;
  let port: number;
  let tlsPort: number;
  before(async () => {
    makeFiles(folder);
    backend = await startToldBackend();
    port = await freePort();
    tlsPort = await freePort();
    const sendfile: Site["sendfile"] = {
      roots: [join(folder, "files")],
      accel: [{ prefix: "/protected/", dir: join(folder, "files") }],
    };
    world = await startFront(() => [httpAt(port), httpsAt(tlsPort, true)], backend.port, { sendfile });
    const { reloads } = await world.status();
    const accessLog = { format: "json", file: join(folder, "access.log") } as const;
    world.respec((spec) => ({ ...spec, servers: spec.servers.map((one) => ({ ...one, accessLog })) }));
    process.kill(world.masterPid(), "SIGHUP");
    await until("the access log", async () => (await world.status()).reloads > reloads);
  });
  after(async () => {
    await world?.end();
    backend?.close();
    fs.rmSync(folder, { recursive: true });
  });

  const get = (told: Told, headers: Record<string, string> = {}, more: object = {}): Promise<Answer> =>
    ask({ port, host: "main.test", headers: { ...tell(told), ...headers }, ...more });
  const named = (name: string, headers?: Record<string, string>, more?: object): Promise<Answer> =>
    get({ fields: { "X-Sendfile": encodeURI(file(name)) } }, headers, more);
  const lineOf = async (target: string): Promise<Line> => {
    let found: Line | undefined;
    await until(`the line of ${target}`, () => {
      const lines = fs.readFileSync(join(folder, "access.log"), "utf8").split("\n").filter(Boolean);
      found = lines.map((line) => JSON.parse(line) as Line).find((line) => line.target === target);
      return found !== undefined;
    });
    return found as Line;
  };

  test("comes in place of the answer, whichever header names it, and the header does not", async () => {
    for (const fields of [
      { "X-Sendfile": file("small.txt") },
      { "X-LIGHTTPD-send-file": file("small.txt") },
      { "X-Accel-Redirect": "/protected/small.txt" },
      { "x-sendfile": file("in.txt") },
    ]) {
      const answer = await get({ fields, body: "the body of the backend" });
      assert.equal(answer.status, 200);
      assert.equal(answer.body, SMALL);
      assert.equal(answer.headers["content-length"], String(SMALL.length));
      for (const name of Object.keys(answer.headers)) assert.doesNotMatch(name, /send-?file|accel/);
    }
    assert.equal((await named("ä b.txt")).body, "umlaut");
  });

  test("has what the backend said of it, and validators of its own", async () => {
    const fields = {
      "X-Sendfile": file("small.txt"),
      "Content-Type": "application/x-own",
      "Content-Disposition": 'attachment; filename="a"',
      "Set-Cookie": ["a=1", "b=2"],
      "Cache-Control": "private",
      ETag: '"of the empty body"',
      "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
      Date: "Thu, 01 Jan 1970 00:00:00 GMT",
    };
    const { headers, body } = await get({ fields });
    assert.equal(body, SMALL);
    assert.equal(headers["content-type"], "application/x-own");
    assert.equal(headers["content-disposition"], 'attachment; filename="a"');
    assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);
    assert.equal(headers["cache-control"], "private");
    assert.match(headers.etag ?? "", /^"[0-9a-f]+-[0-9a-f]+"$/);
    assert.ok(
      Math.abs(Date.parse(headers["last-modified"] ?? "") - fs.statSync(file("small.txt")).mtimeMs) < 1000,
    );
    assert.notEqual(headers.date, fields.Date);
    assert.equal((await named("small.txt")).headers["content-type"], "text/plain; charset=utf-8");
  });

  test("of any size comes whole, in part, or only when it changed", async () => {
    const hash = (body: Buffer): string => createHash("sha256").update(body).digest("hex");
    const bytesOf = async (
      name: string,
      headers = {},
    ): Promise<[number, Buffer, http.IncomingHttpHeaders]> => {
      const fields = { "X-Sendfile": file(name) };
      return new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port, agent: false };
        const all = { Host: "main.test", ...tell({ fields }), ...headers };
        http
          .get({ ...options, headers: all }, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
            response.on("end", () =>
              resolve([response.statusCode ?? 0, Buffer.concat(chunks), response.headers]),
            );
          })
          .on("error", reject);
      });
    };
    for (const [name, whole] of [
      ["small.txt", Buffer.from(SMALL)],
      ["big.bin", BIG],
    ] as const) {
      const [status, body, { etag = "", "last-modified": modified = "" }] = await bytesOf(name);
      assert.deepEqual([status, hash(body)], [200, hash(whole)]);
      const [partStatus, part, partHeaders] = await bytesOf(name, { Range: "bytes=3-9" });
      assert.deepEqual([partStatus, part], [206, whole.subarray(3, 10)]);
      assert.equal(partHeaders["content-range"], `bytes 3-9/${whole.length}`);
      const [, tail] = await bytesOf(name, { Range: "bytes=-4" });
      assert.deepEqual(tail, whole.subarray(-4));
      assert.equal((await bytesOf(name, { Range: `bytes=${whole.length}-` }))[0], 416);
      assert.equal((await bytesOf(name, { Range: "bytes=0-3", "If-Range": '"other"' }))[0], 200);
      assert.equal((await bytesOf(name, { "If-None-Match": `W/${etag}` }))[0], 304);
      assert.equal((await bytesOf(name, { "If-Modified-Since": modified }))[0], 304);
      assert.equal((await bytesOf(name, { "If-None-Match": '"other"' }))[0], 200);
      assert.equal((await bytesOf(name, { "If-Match": '"other"' }))[0], 412);
    }
  });

  test("answers HEAD with its length, and POST without conditions", async () => {
    for (const name of ["small.txt", "big.bin"]) {
      const { status, headers, body } = await named(name, {}, { method: "HEAD" });
      const { size } = fs.statSync(file(name));
      assert.deepEqual([status, headers["content-length"], body], [200, String(size), ""]);
    }
    const posted = await named(
      "small.txt",
      { Range: "bytes=0-3" },
      { method: "POST", body: Buffer.alloc(9) },
    );
    assert.deepEqual([posted.status, posted.body], [200, SMALL]);
    const uploaded = await named("big.bin", {}, { method: "POST", body: Buffer.alloc(2 * MIB) });
    assert.equal(uploaded.headers["content-length"], String(BIG.length));
  });

  test("keeps the status of the backend, and stands for no answer without a body", async () => {
    const fields = { "X-Sendfile": file("small.txt") };
    const gone = await get({ status: 410, fields }, { Range: "bytes=0-3" });
    assert.deepEqual([gone.status, gone.body, gone.headers.etag], [410, SMALL, undefined]);
    for (const status of [204, 304]) {
      const answer = await get({ status, fields });
      assert.deepEqual([answer.status, answer.body, answer.headers["x-sendfile"]], [status, "", undefined]);
    }
  });

  test("is not sent when it is not there, not within, or no file; the client is told no name", async () => {
    const rows: [status: number, reason: string, fields: Record<string, string>][] = [
      [404, "sendfile-missing", { "X-Sendfile": file("nothing") }],
      [404, "sendfile-missing", { "X-Sendfile": file("small.txt/x") }],
      [404, "sendfile-missing", { "X-Sendfile": file("x".repeat(300)) }],
      [403, "sendfile-forbidden", { "X-Sendfile": file("deep") }],
      [403, "sendfile-forbidden", { "X-Sendfile": `${file("deep")}/` }],
      [403, "sendfile-forbidden", { "X-Accel-Redirect": "/protected/" }],
      [403, "sendfile-forbidden", { "X-Sendfile": file("fifo") }],
      [403, "sendfile-forbidden", { "X-Sendfile": file("out.txt") }],
      [403, "sendfile-forbidden", { "X-Sendfile": file("out/secret.txt") }],
      [403, "sendfile-forbidden", { "X-Accel-Redirect": "/protected/out/secret.txt" }],
      [502, "sendfile-outside", { "X-Sendfile": join(folder, "outside/secret.txt") }],
      [502, "sendfile-outside", { "X-Sendfile": "/etc/passwd" }],
      [502, "sendfile-outside", { "X-Accel-Redirect": file("small.txt") }],
      [502, "sendfile-malformed", { "X-Sendfile": `${file("deep")}/../../outside/secret.txt` }],
      [502, "sendfile-malformed", { "X-Sendfile": `${file("deep")}/%2e%2e/%2e%2e/outside/secret.txt` }],
      [502, "sendfile-malformed", { "X-Accel-Redirect": "/protected/..%2foutside/secret.txt" }],
      [502, "sendfile-malformed", { "X-Sendfile": "files/small.txt" }],
      [
        502,
        "sendfile-malformed",
        { "X-Sendfile": file("small.txt"), "X-Accel-Redirect": "/protected/small.txt" },
      ],
    ];
    for (const [index, [status, reason, fields]] of rows.entries()) {
      const path = `/refused/${index}`;
      const answer = await get({ fields: { ...fields, "Set-Cookie": "a=1" } }, {}, { path });
      assert.equal(answer.status, status, JSON.stringify(fields));
      assert.doesNotMatch(answer.body + JSON.stringify(answer.headers), /SECRET|fence-sendfile|a=1/);
      assert.equal((await lineOf(path)).reason, reason);
    }
    assert.match(world.errors(), /"sendfile-refused".*"file":"\/etc\/passwd"/);
  });

  test("is not reached by a name that changes while it is looked up", async () => {
    const name = file("swapped.txt");
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const swapper = new Worker(
      `const { symlinkSync, renameSync } = require("node:fs");
       const { workerData: { name, targets, stop } } = require("node:worker_threads");
       for (let turn = 0; Atomics.load(stop, 0) === 0; turn += 1) {
         symlinkSync(targets[turn % 2], name + ".new");
         renameSync(name + ".new", name);
       }`,
      { eval: true, workerData: { name, targets: ["small.txt", "../outside/secret.txt"], stop } },
    );
    try {
      await until(
        "the link",
        () => fs.existsSync(name) || fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined,
      );
      let sent = 0;
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let round = 0; round < 150; round += 1) {
            const { status, body } = await named("swapped.txt");
            assert.ok((status === 200 && body === SMALL) || status === 403, `${status} ${body}`);
            if (status === 200) sent += 1;
          }
        }),
      );
      assert.ok(sent > 0);
    } finally {
      Atomics.store(stop, 0, 1);
      await new Promise((resolve) => swapper.once("exit", resolve));
    }
  });

  test(`of ${GIBS} GiB takes no memory, and the access log has its size`, async () => {
    await named("big.bin");
    const before = world.memoryPeak();
    const fields = { "X-Accel-Redirect": "/protected/sparse" };
    const bytes = await new Promise<number>((resolve, reject) => {
      const headers = { Host: "main.test", ...tell({ fields }) };
      http
        .get({ host: "127.0.0.1", port, path: "/sparse", agent: false, headers }, (response) => {
          let received = 0;
          response.on("data", (chunk: Buffer) => (received += chunk.length)).on("error", reject);
          response.on("end", () => resolve(received));
        })
        .on("error", reject);
    });
    assert.equal(bytes, GIBS * 1024 * MIB);
    const growth = world.memoryPeak() - before;
    assert.ok(growth < 30 * MIB, `grew by ${Math.round(growth / MIB)} MiB`);
    const { status, bytes: logged } = await lineOf("/sparse");
    assert.deepEqual([status, logged], [200, bytes]);
  });

  test("that becomes shorter while it is sent is broken off, and not made up", async () => {
    makeSparse(file("shrinks"), 64 * MIB);
    const head = Object.entries(tell({ fields: { "X-Sendfile": file("shrinks") } }))[0]?.join(": ") ?? "";
    const client = new RawClient(port);
    client.socket.on("data", () => client.socket.pause());
    client.send(`GET /shrinks HTTP/1.1\r\nHost: main.test\r\n${head}\r\n\r\n`);
    await client.has("Content-Length: 67108864");
    fs.truncateSync(file("shrinks"), MIB);
    client.socket.removeAllListeners("data");
    client.socket.resume();
    // Whether by a reset is not asked: a client that still has data to read may see no more than the end.
    await client.ended();
    assert.ok(client.bytes < 64 * MIB);
    const { status, bytes, reason } = await lineOf("/shrinks");
    assert.ok(
      status === 200 && bytes < 64 * MIB && reason === "file-cut-off",
      `${status} ${bytes} ${reason}`,
    );
  });

  test("whose client leaves is told as 499 with what was sent, and its part as 206", async () => {
    const head = Object.entries(tell({ fields: { "X-Sendfile": file("sparse") } }))[0]?.join(": ") ?? "";
    const client = new RawClient(port);
    client.socket.on("data", () => client.socket.pause());
    client.send(`GET /leaves HTTP/1.1\r\nHost: main.test\r\n${head}\r\n\r\n`);
    await client.has("200 OK");
    client.socket.destroy();
    const left = await lineOf("/leaves");
    assert.deepEqual([left.status, left.reason], [499, "client-gone"]);
    assert.ok(left.bytes > 0 && left.bytes < 64 * MIB);
    await get({ fields: { "X-Sendfile": file("big.bin") } }, { Range: "bytes=0-999999" }, { path: "/part" });
    await get({ fields: { "X-Sendfile": file("small.txt") } }, {}, { path: "/head", method: "HEAD" });
    assert.deepEqual(
      [await lineOf("/part"), await lineOf("/head")].map(({ status, bytes }) => [status, bytes]),
      [
        [206, 1_000_000],
        [200, 0],
      ],
    );
  });

  test("leaves the connection to its backend as it was, unless the backend says more", async () => {
    await named("small.txt");
    const before = backend.connections();
    for (let round = 0; round < 5; round += 1) await named(round % 2 ? "small.txt" : "big.bin");
    assert.equal(backend.connections(), before);
    const fields = { "X-Sendfile": file("small.txt") };
    assert.equal((await get({ fields, body: ["a", "b"], stallAfter: 1 })).body, SMALL);
    await until("no request at the backend", async () => (await world.status()).sites[0]?.inflight === 0);
    assert.equal((await named("small.txt")).body, SMALL);
  });

  test("is one of several answers on a connection of the client", async () => {
    const head = Object.entries(tell({ fields: { "X-Sendfile": file("small.txt") } }))[0]?.join(": ") ?? "";
    const one = `GET / HTTP/1.1\r\nHost: main.test\r\n${head}\r\n`;
    const { text } = await exchange(port, `${one}\r\n${one}\r\n${one}Connection: close\r\n\r\n`);
    assert.equal(text.split(SMALL).length, 4);
  });

  test("comes to a client of HTTP/2 as well", async () => {
    const on = await session(tlsPort);
    try {
      for (const [name, whole] of [
        ["small.txt", Buffer.from(SMALL)],
        ["big.bin", BIG],
      ] as const) {
        const { status, body } = await request(on, {
          ":path": "/",
          ...tell({ fields: { "X-Sendfile": file(name) } }),
        });
        assert.deepEqual([status, body.equals(whole)], [200, true]);
      }
    } finally {
      on.destroy();
    }
  });
});

test(
  "Without sendfile in the spec the header is dropped, and the answer is the backend's",
  needs("root"),
  async () => {
    const backend = await startToldBackend();
    const world = await startProxy([tcp(backend.port)]);
    try {
      const fields = { "X-Sendfile": "/etc/hostname", "X-Accel-Redirect": "/a" };
      const headers = tell({ fields, body: "its own" });
      const answer = await ask({ port: world.port, host: "main.test", headers });
      assert.equal(answer.body, "its own");
      assert.doesNotMatch(JSON.stringify(answer.headers), /sendfile|accel|hostname/i);
    } finally {
      await world.end();
      backend.close();
    }
  },
);

test("A FastCGI application has files sent as well", needs("root"), async () => {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "fence-sendfile-")));
  fs.writeFileSync(join(folder, "a.php"), "");
  fs.writeFileSync(join(folder, "big.bin"), BIG);
  const backend = await startFastcgi(({ socket, params }) => {
    const body = params.get("QUERY_STRING") === "body" ? "a body of its own" : "";
    const head = `Content-Type: application/x-own\r\nX-Sendfile: ${join(folder, "big.bin")}\r\n\r\n`;
    socket.write(output(head + body));
  });
  const cgi = { root: folder, index: "index.php", split: [".php"], params: [] };
  const sendfile = { roots: [folder], accel: [] };
  const world = await startProxy([tcp(backend.port)], { sendfile }, { protocol: "fastcgi", cgi });
  try {
    for (const query of ["", "?body", ""]) {
      const answer = await ask({
        port: world.port,
        host: "main.test",
        path: `/a.php${query}`,
        headers: { Range: "bytes=0-9" },
      });
      assert.equal(answer.status, 206);
      assert.equal(answer.headers["content-type"], "application/x-own");
      assert.equal(answer.headers["content-range"], `bytes 0-9/${BIG.length}`);
      assert.equal(answer.headers["x-sendfile"], undefined);
    }
    const chunked =
      "POST /a.php HTTP/1.1\r\nHost: main.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert.equal((await exchange(world.port, chunked)).text.split("\r\n\r\n")[0]?.includes("200 OK"), true);
  } finally {
    await world.end();
    await backend.close();
    fs.rmSync(folder, { recursive: true });
  }
});

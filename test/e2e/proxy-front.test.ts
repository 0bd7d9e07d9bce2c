import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ask } from "../support/http-answer.js";
import { holdAndDrain, waiting } from "../support/hold.js";
import { needs } from "../support/needs.js";
import { siteOf } from "../support/nginx.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { exchange, RawClient } from "../support/raw-client.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { freePort, until } from "../support/world.js";
import { httpAt, httpsAt } from "../support/listen.js";

const HOST = "Host: main.test\r\n";
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HANDSHAKE = `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`;

/** Rows of [what is sent, status, what else must hold of the first line of the answer]. */
const REFUSED: readonly (readonly [string, number])[] = [
  ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\n\r\n", 400],
  [`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}X : y\r\n\r\n`, 400],
  [`GET / HTTP/1.1\n${HOST}\n\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`, 400],
  [`GET /%zz HTTP/1.1\r\n${HOST}\r\n`, 400],
  [`GET /../x HTTP/1.1\r\n${HOST}\r\n`, 400],
  [`GET / HTTP/2.0\r\n${HOST}\r\n`, 505],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  [`CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`, 501],
  [`GET /${"x".repeat(9000)} HTTP/1.1\r\n${HOST}\r\n`, 414],
  [`GET / HTTP/1.1\r\n${HOST}X: ${"x".repeat(33_000)}\r\n\r\n`, 431],
  [`GET / HTTP/1.1\r\n${HOST}${"a: b\r\n".repeat(200)}\r\n`, 431],
  [`POST / HTTP/1.1\r\n${HOST}Content-Length: 2000000000000\r\n\r\n`, 413],
  [`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400],
  [`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n`, 400],
  [`POST / HTTP/1.1\r\n${HOST}Expect: everything\r\nContent-Length: 1\r\n\r\n`, 417],
];

describe("The proxy and its clients", needs("root", "openssl"), () => {
  let backend: RawBackend;
  let world: ProxyWorld;
  const folder = mkdtempSync(join(tmpdir(), "fence-files-"));
  const files = join(folder, "www");
  before(async () => {
    makeFiles(folder, files);
    backend = await startRawBackend(({ head, socket, body }) => {
      if (/^upgrade:/im.test(head)) upgrade(head, socket);
      else if (head.includes("/slow")) setTimeout(() => socket.write(ok("slow")), 500);
      else socket.write(ok(`${head}\n${body}`));
    });
    const routes = [
      { path: "/files/", dir: files, fallback: null, precompressed: false },
      { path: "/files/deeper/", dir: join(files, "sub"), fallback: null, precompressed: false },
      {
        path: "/maybe/",
        dir: files,
        fallback: { base: "https://bucket.test", append: "path" as const },
        precompressed: false,
      },
    ];
    world = await startProxy([tcp(backend.port)], { routes });
  });
  after(async () => {
    await world?.end();
    await backend?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("What is no HTTP/1.1 is refused with a reason in the log, and nothing of it ends the process", async () => {
    const pid = world.masterPid();
    const count = backend.requests.length;
    for (const [message, status] of REFUSED) {
      const client = await exchange(world.port, message);
      assert.match(client.text, new RegExp(`^HTTP/1\\.1 ${status} `), JSON.stringify(message.slice(0, 120)));
      assert.match(client.text, /\r\nConnection: close\r\n/);
    }
    for (let round = 0; round < 300; round += 1) {
      const client = new RawClient(world.port);
      client.socket.on("error", () => {});
      client.socket.end(randomBytes(round * 3));
      await client.ended();
    }
    assert.equal(backend.requests.length, count, "no backend has seen any of it");
    assert.equal((await ask({ port: world.port, host: "main.test" })).status, 200);
    assert.equal(world.masterPid(), pid);
    for (const line of world.errors().trim().split("\n")) JSON.parse(line);
  });

  test("A head that comes byte by byte is the same head", async () => {
    const client = new RawClient(world.port);
    client.socket.setNoDelay(true);
    for (const character of `GET /bytewise HTTP/1.1\r\n${HOST}\r\n`) {
      client.send(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.has("GET /bytewise HTTP/1.1");
    client.socket.destroy();
  });

  test("A websocket speaks both ways and ends one side at a time", async () => {
    const client = new RawClient(world.port, { allowHalfOpen: true });
    client.send(`GET /ws HTTP/1.1\r\n${HANDSHAKE}\r\nearly`);
    await client.has(/Sec-WebSocket-Accept: .*\r\n(?:.*\r\n)*\r\n/);
    await client.has("early");
    const data = "x".repeat(300_000);
    client.send(data);
    await until("the echo", () => client.bytes >= data.length);
    assert.equal((await world.status()).sites[0]?.tunnels, 1);
    assert.equal((await world.status()).sites[0]?.inflight, 0, "an upgraded connection is no request");
    client.socket.end("bye");
    await client.has("bye");
    await client.has("closed");
    await client.ended();
    await until("no tunnel", async () => (await world.status()).sites[0]?.tunnels === 0);
  });

  test("An end that comes with the handshake of a websocket goes through it, behind what came before", async () => {
    for (const early of ["", "early"]) {
      const client = new RawClient(world.port, { allowHalfOpen: true });
      client.socket.end(`GET /ws HTTP/1.1\r\n${HANDSHAKE}\r\n${early}`);
      await client.has(`\r\n\r\n${early}closed`);
      await client.ended();
    }
    await until("no tunnel", async () => (await world.status()).sites[0]?.tunnels === 0);
  });

  test("A request behind one that was held is answered, also when its client then ends its side", async () => {
    await holdAndDrain(world);
    const client = new RawClient(world.port, { allowHalfOpen: true });
    client.send(`GET /slow HTTP/1.1\r\n${HOST}\r\n`);
    await waiting(world, 1);
    client.send(`GET /second HTTP/1.1\r\n${HOST}\r\n`);
    await waiting(world, 1);
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
    client.socket.end();
    await client.ended();
    assert.match(client.text, /\r\n\r\nslow.*\r\n\r\nGET \/second/s);
  });

  test("A handshake that is none, or is answered wrongly, makes no tunnel", async () => {
    const wrong = await new RawClient(world.port)
      .send(`GET /ws-wrong HTTP/1.1\r\n${HANDSHAKE}\r\n`)
      .has("502 Bad Gateway");
    assert.equal(wrong.end === "clean" || wrong.end === null, true);
    const h2c = `GET /h2c HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`;
    const plain = await new RawClient(world.port).send(h2c).has("GET /h2c");
    assert.doesNotMatch(plain.text, /upgrade|settings/i);
    plain.socket.destroy();
  });

  test("Files have types, validators and ranges", async () => {
    const whole = await ask({ port: world.port, host: "main.test", path: "/files/a.txt" });
    assert.deepEqual([whole.status, whole.body], [200, "hello\n"]);
    assert.equal(whole.headers["content-type"], "text/plain; charset=utf-8");
    const { etag = "", "last-modified": modified = "" } = whole.headers;
    const rows: readonly (readonly [Record<string, string>, number, string])[] = [
      [{ "If-None-Match": etag }, 304, ""],
      [{ "If-None-Match": `"x", W/${etag}` }, 304, ""],
      [{ "If-None-Match": '"x"', "If-Modified-Since": modified }, 200, "hello\n"],
      [{ "If-Modified-Since": modified }, 304, ""],
      [{ "If-Match": '"x"' }, 412, ""],
      [{ Range: "bytes=1-3" }, 206, "ell"],
      [{ Range: "bytes=-2" }, 206, "o\n"],
      [{ Range: "bytes=4-" }, 206, "o\n"],
      [{ Range: "bytes=6-" }, 416, ""],
      [{ Range: "bytes=0-1,3-4" }, 200, "hello\n"],
      [{ Range: "bytes=1-3", "If-Range": '"x"' }, 200, "hello\n"],
      [{ Range: "bytes=1-3", "If-Range": etag }, 206, "ell"],
    ];
    for (const [headers, status, body] of rows) {
      const answer = await ask({ port: world.port, host: "main.test", path: "/files/a.txt", headers });
      assert.deepEqual([answer.status, answer.body], [status, body], JSON.stringify(headers));
    }
    const head = await ask({ port: world.port, host: "main.test", path: "/files/a.txt", method: "HEAD" });
    assert.deepEqual([head.body, head.headers["content-length"]], ["", "6"]);
    assert.equal(
      (await ask({ port: world.port, host: "main.test", path: "/files/a.txt", method: "POST" })).status,
      405,
    );
  });

  test("A large file is whole, also in part, and a file that changes is served as it is now", async () => {
    const content = bigContent();
    const port = world.port;
    const get = async (path: string, headers = {}) =>
      createHash("sha256")
        .update(await rawBody(port, path, headers))
        .digest("hex");
    const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    assert.equal(await get("/files/big.bin"), hash(content));
    assert.equal(
      await get("/files/big.bin", { Range: "bytes=1000000-2999999" }),
      hash(content.subarray(1_000_000, 3_000_000)),
    );
    writeFileSync(join(files, "new.txt"), "other\n");
    renameSync(join(files, "new.txt"), join(files, "changing.txt"));
    await until("the new content", async () => {
      return (await ask({ port, host: "main.test", path: "/files/changing.txt" })).body === "other\n";
    });
  });

  test("Nothing outside the folder is served, and nothing that is no file", async () => {
    const rows: readonly (readonly [string, number])[] = [
      ["/files/sub", 301],
      ["/files/sub/", 200],
      ["/files/deeper/index.html", 200],
      ["/files/empty/", 403],
      ["/files/none", 404],
      ["/files/a.txt/", 404],
      ["/files/outside.txt", 403],
      ["/files/outside/secret.txt", 403],
      ["/files/inside.txt", 200],
      ["/files/fifo", 403],
      ["/files/loop", 403],
      ["/files/..%2fsecret.txt", 200],
      ["/files/%2e%2e/%2e%2e/etc/passwd", 400],
      ["/files/..%2f..%2fetc/passwd", 400],
      ["/files/a.txt%00.html", 400],
      ["/maybe/a.txt", 200],
      ["/maybe/none", 302],
      ["/maybe/sub/", 302],
      ["/maybe/outside.txt", 403],
    ];
    for (const [path, status] of rows) {
      const answer = await ask({ port: world.port, host: "main.test", path });
      assert.equal(answer.status, status, path);
      assert.doesNotMatch(answer.body, /secret content/, path);
    }
    const slash = await ask({ port: world.port, host: "main.test", path: "/files/sub?a=b" });
    assert.equal(slash.headers.location, "/files/sub/?a=b");
  });

  test("SIGHUP reads the spec anew: connections go on, new sites appear, and a bad one changes nothing", async () => {
    const client = new RawClient(world.port).send(`GET /slow HTTP/1.1\r\n${HOST}\r\n`);
    await until("it is in flight", async () => (await world.status()).sites[0]?.inflight === 1);
    const otherPort = await freePort();
    const other = {
      ...siteOf("other"),
      listen: { web: [httpAt(otherPort)] },
    };
    world.respec((spec) => ({ ...spec, sites: [...spec.sites, other] }));
    process.kill(world.masterPid(), "SIGHUP");
    await until("it is reloaded", async () => (await world.status()).reloads === 1);
    assert.equal((await ask({ port: otherPort, host: "other.test" })).status, 503, "no state yet: down");
    await client.has("slow");
    client.send(`GET /again HTTP/1.1\r\n${HOST}\r\n`);
    await client.has("GET /again");
    client.socket.destroy();
    const taken = {
      ...other,
      name: "taken",
      listen: { web: [httpAt(backend.port)] },
    };
    world.respec((spec) => ({ ...spec, sites: [...spec.sites, taken] }));
    process.kill(world.masterPid(), "SIGHUP");
    await until("it has failed", async () => (await world.status()).reloadsFailed === 1);
    assert.match((await world.status()).reloadProblem ?? "", /EADDRINUSE/);
    assert.equal((await ask({ port: otherPort, host: "other.test" })).status, 503);
    world.respec((spec) => ({ ...spec, sites: spec.sites.slice(0, 1) }));
    process.kill(world.masterPid(), "SIGHUP");
    await until("it is reloaded", async () => (await world.status()).reloads === 2);
    await assert.rejects(ask({ port: otherPort, host: "other.test" }), /ECONNREFUSED/);
    assert.equal((await ask({ port: world.port, host: "main.test" })).status, 200);
  });
});

describe("The end of the proxy, and TLS", needs("root", "openssl"), () => {
  test("SIGTERM lets what has begun end, takes nothing new, and ends with 0", async () => {
    const backend = await startRawBackend(({ socket }) => setTimeout(() => socket.write(ok("slow")), 500));
    const world = await startProxy([tcp(backend.port)]);
    try {
      const idle = new RawClient(world.port);
      const busy = new RawClient(world.port).send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
      await until("it is in flight", async () => (await world.status()).sites[0]?.inflight === 1);
      process.kill(world.masterPid(), "SIGTERM");
      await idle.ended();
      await busy.ended();
      assert.match(busy.text, /\r\n\r\nslow$/);
      await until("it is gone", () => /"event":"stopped"/.test(world.errors()));
      await assert.rejects(ask({ port: world.port, host: "main.test" }), /ECONNREFUSED/);
    } finally {
      await world.end();
      await backend.close();
    }
  });

  test("TLS shows each name its own certificate, and takes a new one at SIGHUP", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fence-tls-"));
    const tlsPort = await freePort();
    for (const name of ["a", "b", "c"]) certificate(folder, name);
    const world = await startProxy(null);
    try {
      const site = (name: string) => ({
        ...siteOf(name),
        tls: { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) },
        listen: { web: [httpsAt(tlsPort)] },
      });
      world.respec((spec) => ({ ...spec, sites: [...spec.sites, site("a"), site("b")] }));
      process.kill(world.masterPid(), "SIGHUP");
      await until("it is reloaded", async () => (await world.status()).reloads === 1);
      assert.equal(await subjectFor(tlsPort, "a.test"), "a");
      assert.equal(await subjectFor(tlsPort, "b.test"), "b");
      assert.equal(await subjectFor(tlsPort, "unknown.test"), "a");
      assert.equal(await subjectFor(tlsPort, ""), "a");
      assert.equal((await ask({ port: tlsPort, host: "a.test", tls: true })).status, 503);
      linkSync(join(folder, "c.pem"), join(folder, "new.pem"));
      renameSync(join(folder, "new.pem"), join(folder, "b.pem"));
      renameSync(join(folder, "c.key"), join(folder, "b.key"));
      process.kill(world.masterPid(), "SIGHUP");
      await until("it is reloaded", async () => (await world.status()).reloads === 2);
      assert.equal(await subjectFor(tlsPort, "b.test"), "c");
    } finally {
      await world.end();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function upgrade(head: string, socket: Socket): void {
  const accept = createHash("sha1").update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const right = head.includes("/ws-wrong") ? "AAAA" : accept;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${right}\r\n\r\n`,
  );
  socket.on("data", (chunk: Buffer) => socket.write(chunk));
  socket.on("end", () => socket.end("closed"));
}

function bigContent(): Buffer {
  const content = Buffer.alloc(5_000_000);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(at, at);
  return content;
}

function makeFiles(folder: string, files: string): void {
  mkdirSync(join(files, "sub"), { recursive: true });
  mkdirSync(join(files, "empty"));
  mkdirSync(join(folder, "private"));
  writeFileSync(join(files, "a.txt"), "hello\n");
  writeFileSync(join(files, "changing.txt"), "first\n");
  writeFileSync(join(files, "big.bin"), bigContent());
  writeFileSync(join(files, "sub/index.html"), "<p>index\n");
  writeFileSync(join(folder, "private/secret.txt"), "secret content");
  symlinkSync(join(folder, "private/secret.txt"), join(files, "outside.txt"));
  symlinkSync(join(folder, "private"), join(files, "outside"));
  symlinkSync("a.txt", join(files, "inside.txt"));
  symlinkSync("loop", join(files, "loop"));
  execFileSync("mkfifo", [join(files, "fifo")]);
}

async function rawBody(port: number, path: string, headers: Record<string, string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    http
      .get(
        { host: "127.0.0.1", port, path, agent: false, headers: { Host: "main.test", ...headers } },
        (answer) => {
          answer
            .on("data", (chunk: Buffer) => chunks.push(chunk))
            .on("end", resolve)
            .on("error", reject);
        },
      )
      .on("error", reject);
  });
  return Buffer.concat(chunks);
}

function certificate(folder: string, name: string): void {
  const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.pem`)];
  const args = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    `/CN=${name}`,
    "-days",
    "2",
    ...files,
  ];
  execFileSync("openssl", args, { stdio: "ignore" });
}

function subjectFor(port: number, servername: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

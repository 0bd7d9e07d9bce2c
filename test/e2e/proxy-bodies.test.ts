import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import { connect, type AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";

const MIB = 1024 * 1024;
/** A quarter of an hour of CI is not worth the other 800 MB: FENCE_BODY_MIB=1024 for the whole. */
const BODY_MIB = Number(process.env["FENCE_BODY_MIB"] ?? 200);
const GROWTH_MAX = 50 * MIB;

/** Every 4 bytes say where they are, and of which answer: a byte of another one, or at another place, is seen. */
function pattern(seed: number, offset: number, length: number): Buffer {
  const first = Math.floor(offset / 4);
  const last = Math.ceil((offset + length) / 4);
  const buffer = Buffer.alloc((last - first) * 4);
  for (let word = first; word < last; word += 1) {
    buffer.writeUInt32LE(
      (Math.imul(word, 2654435761) ^ Math.imul(seed + 1, 40503)) >>> 0,
      (word - first) * 4,
    );
  }
  return buffer.subarray(offset - first * 4, offset - first * 4 + length);
}

const PIECE = pattern(0, 0, MIB);

/** GET /SEED/LENGTH/FRAMING answers a pattern; POST answers the SHA-256 of what it got, POST /slow after many a rest. */
function startBackend(): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    if (request.method === "POST") {
      const hash = createHash("sha256");
      let bytes = 0;
      request.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        if (request.url !== "/slow") return;
        request.pause();
        setTimeout(() => request.resume(), 2);
      });
      request.on("end", () => response.end(`${bytes} ${hash.digest("hex")}`));
      return;
    }
    const [, seed = "0", size = "0", framing = ""] = (request.url ?? "").split("/");
    const length = Number(size);
    if (framing === "length") response.setHeader("Content-Length", length);
    let sent = 0;
    const more = (): void => {
      while (sent < length) {
        const part = Math.min(MIB, length - sent);
        const bytes = seed === "same" ? PIECE.subarray(0, part) : pattern(Number(seed), sent, part);
        sent += part;
        if (!response.write(bytes)) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe("Bodies through the proxy", needs("root"), () => {
  let backend: http.Server;
  let world: ProxyWorld;
  before(async () => {
    backend = await startBackend();
    world = await startProxy([tcp((backend.address() as AddressInfo).port)]);
  });
  after(async () => {
    await world?.end();
    backend?.close();
    backend?.closeAllConnections();
  });

  const options = (path: string): http.RequestOptions => ({
    host: "127.0.0.1",
    port: world.port,
    path,
    agent: false,
    headers: { Host: "main.test" },
  });

  const download = (path: string, onData: (chunk: Buffer) => void): Promise<number> =>
    new Promise((resolve, reject) => {
      http
        .get(options(path), (response) => {
          let bytes = 0;
          response.on("data", (chunk: Buffer) => {
            bytes += chunk.length;
            onData(chunk);
          });
          response.on("error", reject);
          response.on("end", () => resolve(bytes));
        })
        .on("error", reject);
    });

  const upload = (bytes: number, chunked: boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { Host: "main.test", ...(chunked ? {} : { "Content-Length": String(bytes) }) };
      const request = http.request({ ...options("/"), method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(text));
      });
      request.on("error", reject);
      let sent = 0;
      const more = (): void => {
        while (sent < bytes) {
          const part = Math.min(MIB, bytes - sent);
          sent += part;
          if (!request.write(PIECE.subarray(0, part))) {
            request.once("drain", more);
            return;
          }
        }
        request.end();
      };
      more();
    });

  const hashOf = (bytes: number): string => {
    const hash = createHash("sha256");
    for (let left = bytes; left > 0; left -= MIB) hash.update(PIECE.subarray(0, Math.min(MIB, left)));
    return hash.digest("hex");
  };

  test(`${BODY_MIB} MiB down and up, in both framings, take no memory`, async () => {
    const bytes = BODY_MIB * MIB;
    await download("/same/5000000/length", () => {});
    await upload(5_000_000, false);
    const before = world.memoryPeak();
    for (const framing of ["length", "chunked"]) {
      const hash = createHash("sha256");
      assert.equal(await download(`/same/${bytes}/${framing}`, (chunk) => hash.update(chunk)), bytes);
      assert.equal(hash.digest("hex"), hashOf(bytes));
      assert.equal(await upload(bytes, framing === "chunked"), `${bytes} ${hashOf(bytes)}`);
    }
    const growth = world.memoryPeak() - before;
    assert.ok(growth < GROWTH_MAX, `grew by ${Math.round(growth / MIB)} MiB`);
  });

  test("Slow readers get every byte of their own answers, among others that are fast", async () => {
    const length = 6 * MIB + 12_345;
    const slow = async (seed: number, framing: string): Promise<void> => {
      const answer = await readSlowly(world.port, `/${seed}/${length}/${framing}`);
      const start = answer.indexOf("\r\n\r\n") + 4;
      const body = framing === "length" ? answer.subarray(start) : unchunked(answer.subarray(start));
      assert.equal(body.length, length);
      assert.ok(body.equals(pattern(seed, 0, length)), `answer ${seed} differs`);
    };
    let isOver = false;
    const fast = async (seed: number): Promise<void> => {
      for (let round = 0; !isOver; round += 1) {
        const size = (round * 7919) % 300_000;
        const chunks: Buffer[] = [];
        await download(`/${seed + round}/${size}/${round % 2 ? "length" : "chunked"}`, (chunk) =>
          chunks.push(chunk),
        );
        assert.ok(
          Buffer.concat(chunks).equals(pattern(seed + round, 0, size)),
          `fast answer ${seed + round} differs`,
        );
      }
    };
    const running = [1000, 2000, 3000, 4000].map(fast);
    await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => slow(seed, seed % 2 ? "length" : "chunked")));
    isOver = true;
    await Promise.all(running);
  });

  test("Uploads that wait for a slow backend stay apart from each other and from heads that come in pieces", async () => {
    const length = 10_000_000;
    let isOver = false;
    const inPieces = async (seed: number): Promise<void> => {
      for (let round = 0; !isOver; round += 1) {
        const size = (seed * 31 + round * 7919) % 9000;
        const answer = await askInPieces(world.port, `/${seed + round}/${size}/length`);
        const start = answer.indexOf("\r\n\r\n") + 4;
        assert.ok(answer.subarray(start).equals(pattern(seed + round, 0, size)), `answer of ${seed} differs`);
      }
    };
    const running = [1000, 2000, 3000, 4000].map(inPieces);
    const slow = async (seed: number): Promise<void> => {
      const body = pattern(seed, 0, length);
      const hash = createHash("sha256").update(body).digest("hex");
      assert.equal(
        await uploadPieces({ ...options("/slow"), method: "POST" }, body, seed),
        `${length} ${hash}`,
      );
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map(slow));
    isOver = true;
    await Promise.all(running);
  });

  test("A backend that reads slowly gets every byte, and holds the client back", async () => {
    const bytes = 40 * MIB;
    const before = world.memoryPeak();
    const results = await Promise.all([upload(bytes, false), upload(bytes, true), upload(bytes, false)]);
    for (const result of results) assert.equal(result, `${bytes} ${hashOf(bytes)}`);
    assert.ok(world.memoryPeak() - before < GROWTH_MAX);
  });
});

/** The head of one request in many packets; the answer with its head. */
async function askInPieces(port: number, path: string): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const head = `GET ${path} HTTP/1.1\r\nHost: main.test\r\nX-Padding: ${path.repeat(20)}\r\nConnection: close\r\n\r\n`;
  for (let at = 0; at < head.length; at += 61) {
    socket.write(head.slice(at, at + 61));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Sends a body in pieces whose sizes are of no common measure, with its length for odd seeds, else chunked. */
function uploadPieces(options: http.RequestOptions, body: Buffer, seed: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const framing = seed % 2 ? { "Content-Length": String(body.length) } : {};
    const headers = { Host: "main.test", ...framing };
    const request = http.request({ ...options, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    let sent = 0;
    const more = (): void => {
      while (sent < body.length) {
        const piece = body.subarray(sent, sent + 1 + (((sent + seed) * 7919) % 90_000));
        sent += piece.length;
        if (!request.write(piece)) {
          request.once("drain", more);
          return;
        }
      }
      request.end();
    };
    more();
  });
}

/** Reads a little, waits, reads a little more; the answer with its head. */
async function readSlowly(port: number, path: string): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (chunks.length % 4 === 0) await pause(10);
  }
  return Buffer.concat(chunks);
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    const size = parseInt(bytes.toString("latin1", at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

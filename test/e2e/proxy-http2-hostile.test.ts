import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { startFront } from "../support/front.js";
import { fields, FRAME, frame, FrameClient, request, session } from "../support/http2-client.js";
import { holdAndDrain, siteStatus, waiting } from "../support/hold.js";
import { httpsAt } from "../support/listen.js";
import { needs } from "../support/needs.js";
import type { ProxyWorld } from "../support/proxy.js";
import { freePort, until } from "../support/world.js";

const END_STREAM = 1;
const END_HEADERS = 4;
const PROTOCOL_ERROR = 1;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

type Pair = readonly [name: string, value: string];
const GET: readonly Pair[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/"],
  [":authority", "main.test"],
];
const POST: readonly Pair[] = [[":method", "POST"], ...GET.slice(1)];
const without = (name: string): Pair[] => GET.filter(([one]) => one !== name);
const withValue = (name: string, value: string): Pair[] =>
  GET.map(([one, before]) => [one, one === name ? value : before]);

/** What is wrong with a head, and the head. */
const MALFORMED: Readonly<Record<string, readonly Pair[]>> = {
  "a name in upper case": [...GET, ["X-Upper", "1"]],
  connection: [...GET, ["connection", "close"]],
  "keep-alive": [...GET, ["keep-alive", "1"]],
  "transfer-encoding": [...POST, ["transfer-encoding", "chunked"]],
  upgrade: [...GET, ["upgrade", "websocket"]],
  "proxy-connection": [...GET, ["proxy-connection", "close"]],
  "te other than trailers": [...GET, ["te", "gzip"]],
  "no path": without(":path"),
  "an empty path": withValue(":path", ""),
  "an absolute path": withValue(":path", "http://other.test/"),
  "a path with a space": withValue(":path", "/ HTTP/1.1"),
  "a path with a line end": withValue(":path", "/ HTTP/1.1\r\nx: y"),
  "no method": without(":method"),
  "a method that is no token": withValue(":method", "GET /"),
  "no scheme": without(":scheme"),
  "neither authority nor host": without(":authority"),
  "an authority with user information": withValue(":authority", "a@main.test"),
  "authority and host that differ": [...GET, ["host", "other.test"]],
  "two hosts": [...without(":authority"), ["host", "main.test"], ["host", "main.test"]],
  "a pseudo field twice": [...GET, [":path", "/"]],
  "a pseudo field after a field": [...GET.slice(0, 3), ["x", "y"], [":authority", "main.test"]],
  "a pseudo field of a response": [...GET, [":status", "200"]],
  "extended CONNECT": [[":method", "CONNECT"], [":protocol", "websocket"], ...GET.slice(1)],
  "a length that is none": [...POST, ["content-length", "+1"]],
  "two lengths": [...POST, ["content-length", "1"], ["content-length", "1"]],
  "a length without a body": [...POST, ["content-length", "3"]],
};

describe("The proxy and hostile clients of HTTP/2", needs("root", "openssl"), () => {
  let world: ProxyWorld;
  let port: number;
  /** All that came on each connection of the backend, and whether it was cut. */
  const seen: { text: string; isOver: boolean }[] = [];
  const sockets = new Set<Socket>();
  const backend = createServer((socket) => {
    const one = { text: "", isOver: false };
    seen.push(one);
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => (one.isOver = true));
    socket.on("data", (chunk: Buffer) => {
      one.text += chunk.toString("latin1");
      if (/^GET \/ok /.test(one.text)) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    port = await freePort();
    world = await startFront(() => [httpsAt(port, true)], (backend.address() as AddressInfo).port);
  });
  after(async () => {
    await world?.end();
    for (const socket of sockets) socket.destroy();
    backend.close();
  });

  const isServing = async (): Promise<void> => {
    const on = await session(port);
    assert.equal((await request(on, { ":path": "/ok" })).body.toString(), "ok");
    on.destroy();
  };

  test("A malformed head resets its stream, and nothing of it reaches a backend", async () => {
    const count = seen.length;
    for (const [what, pairs] of Object.entries(MALFORMED)) {
      const client = await FrameClient.open(port);
      client.send(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, fields(...pairs)));
      assert.equal(await client.reset(1), PROTOCOL_ERROR, what);
      client.socket.destroy();
    }
    assert.equal(seen.length, count);
    await isServing();
  });

  test("A field with a line end in it makes no line: it is left out", async () => {
    const pairs: readonly Pair[] = [
      ["x-note", "a\r\nx-evil: 1"],
      ["x-note", "a\nx-evil: 1"],
      ["x-note", "a\0b"],
      ["x-note", "a\rb"],
      ["x y", "1"],
      ["", "1"],
    ];
    const bytes = (): number => seen.reduce((sum, { text }) => sum + text.length, 0);
    for (const pair of pairs) {
      const client = await FrameClient.open(port);
      const count = bytes();
      const head = fields(...withValue(":path", "/wait"), pair);
      client.send(frame(FRAME.headers, END_STREAM | END_HEADERS, 1, head));
      await until("an outcome", () => client.codeOf(1) !== null || bytes() > count);
      client.socket.destroy();
      assert.ok(!seen.some(({ text }) => /x-evil|x-note|x y/.test(text)), JSON.stringify(pair));
    }
  });

  test("CONNECT is not offered", async () => {
    const on = await session(port);
    const stream = on.request({ ":method": "CONNECT", ":authority": "main.test:443" });
    const status = await new Promise((resolve, reject) => {
      stream.on("response", (headers) => resolve(headers[":status"])).on("error", reject);
    });
    assert.equal(status, 501);
    on.destroy();
  });

  test("A body that is not as long as it was told is never a whole request", async () => {
    for (const [told, sent] of [
      ["5", "too long by far"],
      ["5", "few"],
    ] as const) {
      const count = seen.length;
      const client = await FrameClient.open(port);
      client.send(
        frame(FRAME.headers, END_HEADERS, 1, fields(...POST, ["content-length", told])),
        frame(FRAME.data, END_STREAM, 1, Buffer.from(sent)),
      );
      assert.equal(await client.reset(1), PROTOCOL_ERROR);
      await until("the backend is rid of it", () => seen.slice(count).every(({ isOver }) => isOver));
      for (const { text } of seen.slice(count)) assert.ok((text.split("\r\n\r\n")[1] ?? "").length < 5, text);
      client.socket.destroy();
    }
  });

  test("The told length without the end of the stream is not yet a whole request", async () => {
    const count = seen.length;
    const client = await FrameClient.open(port);
    client.send(
      frame(FRAME.headers, END_HEADERS, 1, fields(...POST, ["content-length", "5"])),
      frame(FRAME.data, 0, 1, Buffer.from("1234")),
      frame(FRAME.data, 0, 1, Buffer.from("5")),
    );
    await until("the backend has some of it", () => seen[count]?.text.endsWith("1234") === true);
    client.send(frame(FRAME.data, 0, 1, Buffer.from("6")));
    assert.equal(await client.reset(1), PROTOCOL_ERROR);
    await until("the backend is rid of it", () => seen[count]?.isOver === true);
    assert.ok(seen[count]?.text.endsWith("1234"));
    client.socket.destroy();
  });

  test("A body of no told length that is reset never ends for the backend, whatever the reset says", async () => {
    for (const code of [0, CANCEL]) {
      const count = seen.length;
      const client = await FrameClient.open(port);
      client.send(
        frame(FRAME.headers, END_HEADERS, 1, fields(...POST)),
        frame(FRAME.data, 0, 1, Buffer.from("half")),
      );
      await until("the backend has some of it", () => seen[count]?.text.includes("half") === true);
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(code);
      client.send(frame(FRAME.reset, 0, 1, payload));
      await until("the backend is rid of it", () => seen[count]?.isOver === true);
      assert.ok(!seen[count]?.text.endsWith("0\r\n\r\n"), `code ${code}`);
      client.socket.destroy();
    }
  });

  /** A flood and how often it is repeated. */
  const FLOODS: Readonly<Record<string, (turn: number) => Buffer[]>> = {
    "requests that are taken back": (turn) => {
      const stream = 2 * turn + 1;
      const head = fields(...withValue(":path", "/wait"));
      return [
        frame(FRAME.headers, END_STREAM | END_HEADERS, stream, head),
        frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, CANCEL])),
      ];
    },
    "requests that the proxy is made to take back": (turn) => {
      const stream = 2 * turn + 1;
      const head = fields(...withValue(":path", "/wait"));
      // A window of no more bytes is an error of the stream.
      return [
        frame(FRAME.headers, END_HEADERS, stream, head),
        frame(8, 0, stream, Buffer.from([0, 0, 0, 0])),
      ];
    },
    pings: () => [frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    settings: () => [frame(FRAME.settings, 0, 0)],
    "heads that are malformed": (turn) => [
      frame(FRAME.headers, END_STREAM | END_HEADERS, 2 * turn + 1, fields(...GET, ["te", "x"])),
    ],
    "pieces of one head": (turn) =>
      turn === 0
        ? [frame(FRAME.headers, END_STREAM, 1, fields(...GET))]
        : [frame(FRAME.continuation, 0, 1, fields(["x", "y"]))],
  };

  for (const [what, make] of Object.entries(FLOODS)) {
    test(`A flood of ${what} ends the connection, and no other`, async () => {
      const other = await session(port);
      const client = await FrameClient.open(port);
      for (let turn = 0; turn < 5000 && !client.isOver; turn += 1) {
        client.send(...make(turn));
        if (turn % 50 === 0) await new Promise(setImmediate);
      }
      await until("the end of the connection", () => client.isOver);
      assert.ok([null, ENHANCE_YOUR_CALM, PROTOCOL_ERROR, 2].includes(client.goaway), String(client.goaway));
      assert.equal((await request(other, { ":path": "/ok" })).status, 200);
      other.destroy();
      await until("nothing is in flight", async () => (await world.status()).sites[0]?.inflight === 0);
    });
  }

  test("Bodies that wait take the memory of their bytes, also when each came in a frame of its own", async () => {
    await holdAndDrain(world);
    const before = world.memoryPeak();
    const client = await FrameClient.open(port);
    const streams = Array.from({ length: 12 }, (_, turn) => 2 * turn + 1);
    for (const stream of streams) {
      client.send(frame(FRAME.headers, END_HEADERS, stream, fields(...POST)));
      client.send(...Array<Buffer>(60_000).fill(frame(FRAME.data, 0, stream, Buffer.from("x"))));
    }
    const ping = Buffer.from("all read");
    client.send(frame(FRAME.ping, 0, 0, ping));
    await until("all to be read", () => client.frames.some(({ payload }) => payload.equals(ping)));
    assert.equal((await siteStatus(world)).held, streams.length);
    const grown = world.memoryPeak() - before;
    assert.ok(grown < 64 * 1024 * 1024, `${grown} bytes more`);
    client.socket.destroy();
    await waiting(world, 0);
    await world.switchTo("main", { mode: "up" });
    await world.sync("main");
  });

  test("Bytes that are no HTTP/2, and frames cut anywhere, do no harm", async () => {
    const whole = Buffer.concat([
      frame(FRAME.headers, END_HEADERS, 1, fields(...POST)),
      frame(FRAME.data, END_STREAM, 1, Buffer.from("body")),
    ]);
    for (let cut = 1; cut < whole.length; cut += 7) {
      const client = await FrameClient.open(port);
      client.send(whole.subarray(0, cut));
      client.socket.end();
      await until("the end of the connection", () => client.isOver);
    }
    const noise = await FrameClient.open(port);
    noise.send(Buffer.alloc(500, 0xff));
    await until("a word", () => noise.isOver || (noise.goaway ?? 0) !== 0);
    noise.socket.destroy();
    await isServing();
    assert.ok(!/"event":"internal"/.test(world.errors()), world.errors());
  });
});

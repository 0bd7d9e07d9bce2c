import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";
import { BINDING, writeDirect, writeDirectBytes } from "../../src/proxy/direct-writes.js";
import { isUnsent, sendCopy, sendLent, sendPrefixed } from "../../src/proxy/transport.js";
import { until } from "../support/world.js";

describe("A text that is written directly", () => {
  let server: Server;
  before(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  /** `far` reads nothing until it is resumed. */
  async function pair() {
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [[far]] = await Promise.all([accepted, once(near, "connect")]);
    return { near, far };
  }

  const send = (near: Socket, text: string, binding = BINDING): boolean =>
    writeDirect(near, text, binding) ?? near.write(text, "latin1");

  /** Writes lines until the socket says that it has enough. */
  function fill(near: Socket, binding = BINDING): string {
    const sent: string[] = [];
    for (let line = 0; ; line += 1) {
      const text = `${String(line).padStart(7, "0")}${"\xff".repeat(8000)}\n`;
      sent.push(text);
      if (!send(near, text, binding)) return sent.join("");
    }
  }

  async function received(far: Socket): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of far as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks).toString("latin1");
  }

  test("goes to the kernel at once, and is counted", async () => {
    assert.notEqual(BINDING, null, "this Node gives out what is needed");
    const { near, far } = await pair();
    assert.equal(writeDirect(near, "a text"), true);
    assert.equal(near.writableLength, 0);
    assert.equal(near.bytesWritten, 6);
    assert.equal(isUnsent(near), false);
    near.end();
    assert.equal(await received(far), "a text");
    far.destroy();
  });

  for (const binding of [BINDING, null]) {
    const way = binding === null ? "the usual way" : "directly";
    test(`arrives whole and in order when the peer reads late: ${way}`, async () => {
      const { near, far } = await pair();
      let expected = fill(near, binding);
      assert.equal(isUnsent(near), true);
      for (let more = 0; more < 20; more += 1) {
        const text = `${"more".repeat(3000)}${more}\n`;
        expected += text;
        if (more % 3 === 0) near.write(Buffer.from(text));
        else send(near, text, binding);
      }
      const drained = once(near, "drain");
      const arrived = received(far);
      await drained;
      await until("nothing waits", () => !isUnsent(near));
      assert.equal(send(near, "last", binding), true);
      near.end();
      assert.equal((await arrived) === `${expected}last`, true);
      far.destroy();
    });
  }

  test("is whole for a peer that reads late, even when the socket ends behind it at once", async () => {
    const { near, far } = await pair();
    const expected = fill(near);
    near.destroySoon();
    assert.equal((await received(far)) === expected, true);
    far.destroy();
  });

  test("tells that it has drained when nothing was written behind it", async () => {
    const { near, far } = await pair();
    fill(near);
    assert.equal(near.writableLength, 0, "the stream knows nothing of it");
    const drained = once(near, "drain");
    far.resume();
    await drained;
    assert.equal(isUnsent(near), false);
    near.destroy();
    far.destroy();
  });

  test("fails as a write does when the peer has reset the connection", async () => {
    const { near, far } = await pair();
    const seen: string[] = [];
    near.on("error", (error: NodeJS.ErrnoException) => seen.push(error.code ?? ""));
    const closed = new Promise((resolve) => near.on("close", resolve));
    far.resetAndDestroy();
    await until("the write fails", () => {
      send(near, "x");
      return near.destroyed;
    });
    await closed;
    assert.match(String(seen), /^(EPIPE|ECONNRESET)$/);
  });

  test("is left to the stream while that has something, is corked, has ended or is no socket of net", async () => {
    const { near, far } = await pair();
    near.cork();
    assert.equal(writeDirect(near, "x"), null);
    near.write("y");
    near.uncork();
    near.end();
    assert.equal(writeDirect(near, "x"), null);
    assert.equal(await received(far), "y");
    far.destroy();
    const early = connect((server.address() as AddressInfo).port, "127.0.0.1");
    assert.equal(writeDirect(early, "x"), null, "before it is connected");
    early.destroy();
    assert.equal(writeDirect(new PassThrough() as unknown as Socket, "x"), null);
  });

  test("has bytes beside it, which are lent until the kernel has them", async () => {
    const { near, far } = await pair();
    const bytes = Buffer.alloc(64 * 1024, "a");
    let freed = 0;
    let pieces = 0;
    for (let isTaken: boolean | null = true; isTaken; pieces += 1)
      isTaken = writeDirectBytes(near, bytes, () => (freed += 1));
    assert.equal(freed, 0, "those that the kernel took at once were free when the call returned");
    assert.equal(
      writeDirectBytes(near, bytes, () => {}),
      null,
      "one waits",
    );
    const arrived = received(far);
    await until("it is free again", () => freed === 1);
    bytes.fill("b");
    near.end();
    assert.equal((await arrived) === "a".repeat(pieces * bytes.length), true);
    far.destroy();
  });

  test("Bytes that are overwritten behind each call arrive as they were, also at peers that read late", async () => {
    const shared = Buffer.alloc(64 * 1024);
    const pairs: Awaited<ReturnType<typeof pair>>[] = [];
    while (pairs.length < 8) pairs.push(await pair());
    const expected = pairs.map(() => "");
    for (let round = 0; round < 400; round += 1)
      for (const [index, { near }] of pairs.entries()) {
        const length = [100, 9_000, 40_000, 65_536][(round + index) % 4] as number;
        const letter = String.fromCharCode(33 + ((round * 7 + index) % 90));
        const head = round % 3 === 0 ? `${index}/${round}\r\n` : "";
        shared.fill(letter, 0, length);
        sendCopy(near, head, shared, 0, length);
        expected[index] += head + letter.repeat(length);
      }
    assert.ok(pairs.some(({ near }) => isUnsent(near)));
    const arrived = pairs.map(({ far }) => received(far));
    for (const { near } of pairs) near.end();
    for (const [index, text] of (await Promise.all(arrived)).entries())
      assert.equal(text === expected[index], true, `peer ${index}`);
    for (const { far } of pairs) far.destroy();
  });

  test("Bytes that are lent come back once, sent or lost", async () => {
    const { near, far } = await pair();
    const bytes = Buffer.alloc(256 * 1024, "z");
    const told: boolean[] = [];
    let lent = 0;
    while (!isUnsent(near)) {
      lent += 1;
      sendLent(near, bytes, (isSent) => told.push(isSent));
    }
    sendLent(near, bytes, (isSent) => told.push(isSent));
    assert.deepEqual(new Set(told), new Set(lent > 1 ? [true] : []));
    near.destroy();
    await until("all are back", () => told.length === lent + 1);
    assert.deepEqual(told.slice(-2), [false, false]);
    far.destroy();
  });

  test("A text and bytes behind it go out in order behind what waits", async () => {
    const { near, far } = await pair();
    let expected = fill(near);
    for (const length of [20_000, 200_000]) {
      sendPrefixed(near, `${length}:`, Buffer.alloc(length, "p"));
      expected += `${length}:${"p".repeat(length)}`;
    }
    const arrived = received(far);
    near.end();
    assert.equal((await arrived) === expected, true);
    far.destroy();
  });
});

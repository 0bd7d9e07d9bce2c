import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { after, before, describe, test } from "node:test";
import { readShared } from "../../src/proxy/buffered-reads.js";
import { SHARED } from "../../src/proxy/transport.js";
import { until } from "../support/world.js";

describe("An accepted socket", () => {
  let server: Server;
  before(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  /** `begin` gets it as soon as it is accepted: before its first read. */
  async function pair<T>(begin: (accepted: Socket) => T) {
    let begun: T | undefined;
    let accepted: Socket | undefined;
    server.once("connection", (socket: Socket) => {
      accepted = socket;
      begun = begin(socket);
    });
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(client, "connect");
    await until("the connection is accepted", () => accepted !== undefined);
    const end = (): void => {
      client.destroy();
      accepted?.destroy();
    };
    return { client, accepted: accepted as Socket, begun: begun as T, end };
  }

  test("reads into the shared buffer, stops and goes on, and tells its end", async () => {
    const seen = { text: "", hasEnded: false };
    const { client, accepted, begun, end } = await pair((socket) => {
      socket.on("end", () => (seen.hasEnded = true));
      return readShared(socket, (length) => (seen.text += SHARED.toString("latin1", 0, length)));
    });
    assert.equal(begun, true, "this Node keeps `onread` where it can be found");
    client.write("first ");
    await until("the first bytes", () => seen.text === "first ");
    accepted.pause();
    await new Promise((resolve) => client.write("second ", resolve));
    // Over loopback they are there by now; two turns of the loop are enough to read them.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(seen.text, "first ", "it has stopped");
    accepted.resume();
    await until("the bytes that waited", () => seen.text === "first second ");
    client.end("last");
    await until("the end", () => seen.hasEnded);
    assert.equal(seen.text, "first second last");
    assert.equal(accepted.bytesRead, "first second last".length);
    end();
  });

  test("has its bytes by event where the places of `onread` cannot be found", async () => {
    let text = "";
    const { client, begun, end } = await pair((socket) => {
      socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      return readShared(socket, () => assert.fail("no read may come here"), null);
    });
    assert.equal(begun, false);
    client.write("bytes");
    await until("the bytes", () => text === "bytes");
    end();
  });

  test("keeps its own buffer once it has been read from, and so does what is no socket of net", async () => {
    const { begun, end } = await pair((socket) => {
      socket.on("data", () => {});
      return readShared(socket, () => {});
    });
    assert.equal(begun, false);
    end();
    assert.equal(
      readShared(new Duplex() as unknown as Socket, () => {}),
      false,
    );
  });
});

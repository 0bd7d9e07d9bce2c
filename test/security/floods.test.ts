import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, describe, test, type TestContext } from "node:test";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { until } from "../support/world.js";

const ATTACKERS = 300;
/** An answer that nobody reads: more than what the kernel takes on both sides. */
const LARGE_BYTES = 8 * 1024 * 1024;
const READERS = 60;
/** What a connection may cost, and what the process may grow by besides. */
const BYTES_PER_CONNECTION = 64 * 1024;
const BYTES_BESIDES = 96 * 1024 * 1024;
const DRIP_MS = 500;

interface Attacker {
  socket: Socket;
  text: string;
  isOver: boolean;
}

describe("While many do their worst", needs("root"), () => {
  let backend: RawBackend;
  let world: ProxyWorld;
  before(async () => {
    const large = Buffer.alloc(LARGE_BYTES, "x");
    backend = await startRawBackend(({ head, socket }) => {
      if (!head.includes("/large"))
        return void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BYTES}\r\n\r\n`);
      socket.write(large);
    });
    world = await startProxy([tcp(backend.port)]);
  });
  after(async () => {
    await world?.end();
    await backend?.close();
  });

  const attackers = (count: number, first: string): Attacker[] =>
    Array.from({ length: count }, () => {
      const socket = connect(world.port, "127.0.0.1");
      const attacker: Attacker = { socket, text: "", isOver: false };
      socket.on("data", (chunk: Buffer) => {
        if (attacker.text.length < 200) attacker.text += chunk.toString("latin1");
      });
      socket.on("error", () => {});
      socket.on("close", () => (attacker.isOver = true));
      socket.on("end", () => socket.end());
      socket.write(first);
      return attacker;
    });

  /** An ordinary client, one request after the other, until the attack is over: each is answered. */
  const meanwhile = async (context: TestContext, isOver: () => boolean): Promise<void> => {
    const took: number[] = [];
    await until(
      "the end of the attack",
      async () => {
        const began = performance.now();
        const { status, body } = await ask({ port: world.port, host: "main.test" });
        took.push(performance.now() - began);
        assert.deepEqual([status, body], [200, "ok"]);
        return isOver();
      },
      90_000,
    );
    took.sort((a, b) => a - b);
    const [median = 0, most = 0] = [took[took.length >> 1], took.at(-1)];
    context.diagnostic(
      `${took.length} requests, median ${median.toFixed(1)} ms, slowest ${most.toFixed(0)} ms`,
    );
  };

  const grown = (peak: number): void => {
    const allowed = peak + ATTACKERS * BYTES_PER_CONNECTION + BYTES_BESIDES;
    assert.ok(world.memoryPeak() < allowed, `${world.memoryPeak()} of ${allowed} bytes`);
  };

  const drips: Readonly<Record<string, string>> = {
    "heads that never end": "GET / HTTP/1.1\r\nHost: main.test\r\n",
    "bodies that hardly come": "POST / HTTP/1.1\r\nHost: main.test\r\nContent-Length: 100000\r\n\r\n",
    "chunks that hardly come":
      "POST / HTTP/1.1\r\nHost: main.test\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
  };
  for (const [what, first] of Object.entries(drips)) {
    test(`${ATTACKERS} clients with ${what} are ended, and others served`, async (context) => {
      const peak = world.memoryPeak();
      const all = attackers(ATTACKERS, first);
      const drip = setInterval(
        () => all.forEach(({ socket }) => socket.writable && socket.write("x")),
        DRIP_MS,
      );
      try {
        await meanwhile(context, () => all.every(({ isOver }) => isOver));
      } finally {
        clearInterval(drip);
        all.forEach(({ socket }) => socket.destroy());
      }
      // A backend may answer before it has read a body.
      const statuses = new Set(all.map(({ text }) => text.slice(9, 12)));
      assert.deepEqual(
        [...statuses].filter((status) => !["408", "200", ""].includes(status)),
        [],
      );
      grown(peak);
    });
  }

  test(`${ATTACKERS} heads without end are refused, and others served`, async (context) => {
    const peak = world.memoryPeak();
    const all = attackers(
      ATTACKERS,
      `GET / HTTP/1.1\r\nHost: main.test\r\n${"X-Flood: flood\r\n".repeat(4000)}`,
    );
    await meanwhile(context, () =>
      all.every(({ isOver, text }) => isOver || text.startsWith("HTTP/1.1 431")),
    );
    all.forEach(({ socket }) => socket.destroy());
    grown(peak);
  });

  test(`${READERS} clients that read nothing take no memory, and others are served`, async (context) => {
    const peak = world.memoryPeak();
    const all = attackers(READERS, "GET /large HTTP/1.1\r\nHost: main.test\r\n\r\n");
    all.forEach(({ socket }) => socket.pause());
    let served = 0;
    await meanwhile(context, () => {
      served += 1;
      return served > 50 && backend.requests.filter(({ head }) => head.includes("/large")).length === READERS;
    });
    all.forEach(({ socket }) => socket.destroy());
    grown(peak);
  });
});

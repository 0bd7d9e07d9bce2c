import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { holdAndDrain, held, siteStatus, waiting } from "../support/hold.js";
import { startProxy, tcp, type ProxyWorld } from "../support/proxy.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { RawClient } from "../support/raw-client.js";
import { freePort, until } from "../support/world.js";

const LEDGER = fileURLToPath(new URL("../support/ledger-backend-child.js", import.meta.url));
const CLIENTS = 600;
const CYCLES = 4;
const SIZES = [300, 5000, 70_000, 1_500_000];
const BODIES = SIZES.map((size) => {
  const bytes = randomBytes(size);
  return { bytes, answer: `${size} ${createHash("sha256").update(bytes).digest("hex")}` };
});

/** One request of a client; what it is like goes by the number of the client. */
function request(port: number, agent: http.Agent, number: number, id: string): Promise<string> {
  const kind = number % 10;
  const body = kind < 5 ? null : BODIES[number % 100 === 99 ? 3 : kind % 3];
  const headers: http.OutgoingHttpHeaders = { Host: "main.test", "X-Id": id };
  if (body && kind < 8) headers["Content-Length"] = body.bytes.length;
  return new Promise((resolve, reject) => {
    const method = body ? "POST" : "GET";
    const made = http.request({ host: "127.0.0.1", port, method, agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const expected = body?.answer ?? BODIES_NONE;
        if (response.statusCode === 200 && text === expected) resolve(text);
        else reject(new Error(`${method}: status ${response.statusCode}: ${text.slice(0, 80)}`));
      });
    });
    made.on("error", reject);
    // Without a length it goes out chunked.
    if (body) made.write(body.bytes.subarray(0, 100));
    made.end(body?.bytes.subarray(100));
  });
}

const BODIES_NONE = `0 ${createHash("sha256").digest("hex")}`;

test(`${CLIENTS} clients and a backend that is killed and restarted ${CYCLES} times: no error, nothing twice`, async () => {
  const port = await freePort();
  const world = await startProxy([tcp(port)]);
  const executed = new Map<string, number>();
  const startBackend = async (): Promise<ChildProcess> => {
    const child = fork(LEDGER, [String(port)]);
    const ready = new Promise<void>((resolve) => {
      child.on("message", (message) => {
        const id = message as string;
        if (id === "ready") resolve();
        else executed.set(id, (executed.get(id) ?? 0) + 1);
      });
    });
    await ready;
    return child;
  };
  let backend = await startBackend();
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const errors: string[] = [];
  let answered = 0;
  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async (_, number) => {
    for (let turn = 0; !isOver; turn += 1) {
      // Half of them make a connection of their own each time.
      const own = number % 2 === 0 ? agent : new http.Agent();
      await request(world.port, own, number, `${number}-${turn}`).then(
        () => (answered += 1),
        (error: Error) => errors.push(error.message),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  let atMost = 0;
  try {
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const from = answered;
      await until("some answers", () => answered - from > CLIENTS);
      await holdAndDrain(world, { maxHeld: CLIENTS });
      const before = executed.size;
      const gone = once(backend, "exit");
      backend.kill("SIGKILL");
      await gone;
      await until("nearly all to wait", async () => (await siteStatus(world)).held > CLIENTS * 0.9);
      atMost = Math.max(atMost, (await siteStatus(world)).held);
      backend = await startBackend();
      assert.equal(executed.size, before, "nothing reached a backend while the site was held");
      await world.switchTo("main", { mode: "up" });
      await until("nobody to wait", async () => (await siteStatus(world)).held === 0);
    }
  } finally {
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    backend.kill("SIGKILL");
    await world.end();
  }
  assert.deepEqual(errors, []);
  assert.deepEqual(
    [...executed].filter(([, times]) => times !== 1),
    [],
    "each was executed once",
  );
  assert.equal(executed.size, answered);
  console.log(`# ${answered} requests, ${CYCLES} restarts, at most ${atMost} waited`);
});

describe("A held site under load", () => {
  let world: ProxyWorld;
  let backend: RawBackend;
  let serve: (path: string) => Promise<void> = async () => {};
  before(async () => {
    backend = await startRawBackend(({ head, socket }) => {
      const path = head.split(" ")[1] ?? "";
      void serve(path).then(() => socket.write(ok(path)));
    });
    world = await startProxy([tcp(backend.port)]);
  });
  after(async () => {
    await world.end();
    await backend.close();
  });

  test("no request reaches the backend once it is held and drained, in 10,000 requests", async () => {
    let isOver = false;
    let answered = 0;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
    const one = (): Promise<void> =>
      new Promise((resolve, reject) => {
        http
          .get({ host: "127.0.0.1", port: world.port, agent, headers: { Host: "main.test" } }, (response) => {
            response.resume().on("end", () => {
              if (response.statusCode === 200) answered += 1;
              resolve();
            });
          })
          .on("error", reject);
      });
    const clients = Array.from({ length: 50 }, async () => {
      while (!isOver) await one();
    });
    let strays = 0;
    let holds = 0;
    while (answered < 10_000) {
      await holdAndDrain(world);
      const seen = backend.requests.length;
      await waiting(world, 50);
      await new Promise((resolve) => setTimeout(resolve, 5));
      strays += backend.requests.length - seen;
      holds += 1;
      await world.switchTo("main", { mode: "up" });
      const from = answered;
      await until("some answers", () => answered - from > 200);
    }
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    assert.equal(strays, 0);
    console.log(`# ${answered} requests, ${holds} holds, ${strays} reached the backend inside one`);
  });

  test("2,000 that wait keep nobody from control, and go in their order, no faster than they may", async () => {
    const COUNT = 2000;
    const AT_ONCE = 20;
    const order: number[] = [];
    let running = 0;
    let most = 0;
    let servedMs = 0;
    serve = async (path) => {
      order.push(Number(path.slice(1)));
      most = Math.max(most, (running += 1));
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      servedMs += performance.now() - began;
      running -= 1;
    };
    await holdAndDrain(world, { releaseConcurrency: AT_ONCE });
    const clients: RawClient[] = [];
    for (let number = 0; number < COUNT; number += 1) {
      const client = new RawClient(world.port);
      await once(client.socket, "connect");
      client.send(`GET /${number} HTTP/1.1\r\nHost: main.test\r\n\r\n`);
      clients.push(client);
      // So that the order in which they come is known.
      if (number % 10 === 9) await waiting(world, number + 1);
    }
    await waiting(world, COUNT);
    const asked: number[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      const began = performance.now();
      assert.equal((await world.sync("main"))?.held?.count, COUNT);
      asked.push(performance.now() - began);
    }
    const began = performance.now();
    await world.switchTo("main", { mode: "up" });
    await until("all to be answered", () => clients.every(({ text }) => text !== ""));
    const tookMs = performance.now() - began;
    for (const { socket } of clients) socket.destroy();
    const ideal = servedMs / AT_ONCE;
    const slips = order.filter((number, at) => Math.abs(number - at) >= AT_ONCE + 10).length;
    console.log(
      `# ${COUNT} let go, ${most} at once: ${Math.round(tookMs)} ms, ${(tookMs / ideal).toFixed(2)} × ideal; ` +
        `control in ${Math.max(...asked).toFixed(1)} ms at most`,
    );
    assert.ok(most <= AT_ONCE, `${most} at once`);
    assert.equal(slips, 0, "in the order in which they came");
    assert.ok(tookMs / ideal <= 1.2, `${tookMs / ideal} × ideal`);
    assert.ok(Math.max(...asked) < 1000, `control answered after ${Math.max(...asked)} ms`);
    serve = async () => {};
  });

  test("all that wait are told at once when the site goes down", async () => {
    await world.switchTo("main", held());
    const sockets = Array.from({ length: 300 }, () => {
      const socket = connect(world.port, "127.0.0.1");
      socket.write("GET / HTTP/1.1\r\nHost: main.test\r\nConnection: close\r\n\r\n");
      return socket;
    });
    await waiting(world, 300);
    const texts = sockets.map(async (socket) => {
      let text = "";
      for await (const chunk of socket) text += String(chunk);
      return text;
    });
    await world.switchTo("main", { mode: "down" });
    for (const text of await Promise.all(texts)) assert.match(text, /^HTTP\/1\.1 503 /);
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { monotonicMs } from "../../src/base/clock.js";
import type { Upstream } from "../../src/spec/types.js";
import { inParallel, keeping, startRawSet, type BackendSet } from "../support/backend-set.js";
import { held, siteStatus } from "../support/hold.js";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import type { ProxyWorld } from "../support/proxy.js";
import { RawClient } from "../support/raw-client.js";
import { ok, type RawBackend, type RawRequest } from "../support/raw-backend.js";
import { countOf } from "../support/spread.js";
import { until } from "../support/world.js";

const MINUTE = 60_000;
const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: main.test\r\n\r\n`;

const waiting = async (world: ProxyWorld): Promise<number> =>
  (await world.status()).queues.reduce((sum, queue) => sum + queue.waiting, 0);
const pathOf = ({ head }: RawRequest): string => head.split(" ")[1] ?? "";

/** One backend that answers when it is told to. */
async function withPatience(
  upstream: Partial<Upstream>,
  act: (set: BackendSet<RawBackend>, next: () => void) => Promise<void>,
): Promise<void> {
  const open: RawRequest[] = [];
  const set = await startRawSet(1, upstream, (request) => open.push(request));
  try {
    await act(set, () => open.shift()?.socket.write(ok("done")));
  } finally {
    await set.end();
  }
}

/** So many requests, each sent when the one before it has its place. */
async function inOrder(world: ProxyWorld, from: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let index = 0; index < count; index += 1) {
    clients.push(new RawClient(world.port).send(GET(`/${from + index}`)));
    const total = from + index + 1;
    await until(`${total} to be there`, async () => (await siteStatus(world)).inflight === total);
  }
  return clients;
}

describe("Requests that wait for a backend", needs("root"), () => {
  test("go in the order in which they came, no more at once than there may be connections", async () => {
    const upstream = { connectionsMax: 2, queue: { max: 20, timeoutMs: MINUTE } };
    await withPatience(upstream, async ({ world, backends: [backend] }, next) => {
      const clients = await inOrder(world, 0, 10);
      const seen = (): string[] => backend?.requests.map(pathOf) ?? [];
      await until("two to be with the backend", () => seen().length === 2);
      assert.equal(await waiting(world), 8);
      for (let answered = 1; answered <= 10; answered += 1) {
        next();
        await until("the next one", () => seen().length === Math.min(10, answered + 2));
        assert.equal((await siteStatus(world)).inflight, 10 - answered);
      }
      assert.deepEqual(
        seen(),
        Array.from({ length: 10 }, (_, index) => `/${index}`),
      );
      for (const client of clients) await client.has("done");
      for (const client of clients) client.socket.destroy();
    });
  });

  test("are refused when there are too many, and when they have waited for too long; the log says why", async () => {
    const upstream = { connectionsMax: 1, queue: { max: 2, timeoutMs: 400 } };
    await withPatience(upstream, async ({ world, backends: [backend] }, next) => {
      const started = monotonicMs();
      const clients = [new RawClient(world.port).send(GET("/0"))];
      await until("one to be with the backend", () => backend?.requests.length === 1);
      const late = [1, 2].map(() => ask({ port: world.port, host: "main.test" }));
      const all = await Promise.all([
        ...late,
        ...[3, 4].map(() => ask({ port: world.port, host: "main.test" })),
      ]);
      assert.deepEqual(
        all.map(({ status }) => status),
        [503, 503, 503, 503],
      );
      assert.ok(monotonicMs() - started >= 400);
      const [queue] = (await world.status()).queues;
      assert.deepEqual(queue, { upstream: "app", waiting: 0, refused: { full: 2, timeout: 2 } });
      await until(
        "lines",
        () => /"reason":"queue-full"/.test(world.errors()) && /"reason":"queue-timeout"/.test(world.errors()),
      );
      next();
      await clients[0]?.has("done");
      assert.equal(backend?.requests.length, 1, "none of them was run");
      clients[0]?.socket.destroy();
    });
  });

  test("are taken out when their client leaves, with a reset or a clean end, whether they have a body or not", async () => {
    const upstream = { connectionsMax: 1, queue: { max: 20, timeoutMs: MINUTE } };
    await withPatience(upstream, async ({ world, backends: [backend] }, next) => {
      const clients = await inOrder(world, 0, 3);
      const post = new RawClient(world.port).send(
        `POST /body HTTP/1.1\r\nHost: main.test\r\nContent-Length: 500000\r\n\r\n${"x".repeat(200_000)}`,
      );
      await until("all to wait", async () => (await waiting(world)) === 3);
      clients[1]?.socket.end();
      await until("one to be gone", async () => (await waiting(world)) === 2);
      post.socket.resetAndDestroy();
      await until("two to be gone", async () => (await waiting(world)) === 1);
      clients[2]?.socket.resetAndDestroy();
      await until("all to be gone", async () => (await waiting(world)) === 0);
      assert.equal((await siteStatus(world)).inflight, 1);
      next();
      await clients[0]?.has("done");
      await until("none to be in flight", async () => (await siteStatus(world)).inflight === 0);
      assert.deepEqual(backend?.requests.map(pathOf), ["/0"]);
      clients[0]?.socket.destroy();
    });
  });

  test("are in flight for a hold: it is drained only when they have been run", async () => {
    const upstream = { connectionsMax: 1, queue: { max: 20, timeoutMs: MINUTE } };
    await withPatience(upstream, async ({ world, backends: [backend] }, next) => {
      const clients = await inOrder(world, 0, 4);
      await world.switchTo("main", held());
      for (let left = 4; left > 0; left -= 1) {
        assert.equal((await world.sync("main"))?.inflight, left);
        next();
        await until("one less", async () => (await siteStatus(world)).inflight === left - 1);
        if (left > 1) await until("the next one", () => backend?.requests.length === 6 - left);
      }
      assert.equal((await world.sync("main"))?.inflight, 0);
      for (const client of clients) await client.has("done");
      for (const client of clients) client.socket.destroy();
    });
  });

  test("fail at once when the backend is gone, and none is left behind", async () => {
    const upstream = { connectionsMax: 1, queue: { max: 20, timeoutMs: MINUTE } };
    await withPatience(upstream, async ({ world, backends: [backend] }) => {
      const answers = Promise.all(
        Array.from({ length: 6 }, () => ask({ port: world.port, host: "main.test" })),
      );
      await until("five to wait", async () => (await waiting(world)) === 5);
      await backend?.close();
      assert.deepEqual([...countOf((await answers).map(({ status }) => String(status)))], [["502", 6]]);
      assert.equal(await waiting(world), 0);
    });
  });

  test("are all answered under load, bodies intact, and no backend ever has more than it may", async () => {
    const busy = [0, 0];
    const most = [0, 0];
    const upstream: Partial<Upstream> = {
      connectionsMax: 3,
      queue: { max: 100, timeoutMs: MINUTE },
      balance: "least-connection",
    };
    const set = await startRawSet(2, upstream, ({ socket, body }, index) => {
      busy[index] = (busy[index] ?? 0) + 1;
      most[index] = Math.max(most[index] ?? 0, busy[index] ?? 0);
      setTimeout(() => {
        busy[index] = (busy[index] ?? 0) - 1;
        // Some connections end behind their answer.
        if (body.length % 5 === 0) socket.end(ok(String(body.length), "Connection: close\r\n"));
        else socket.write(ok(String(body.length)));
      }, 1);
    });
    const { world } = set;
    const agent = keeping(40);
    try {
      await inParallel(2000, 40, async (index) => {
        const length = (index * 101) % 30_000;
        const body = index % 2 === 0 ? {} : { method: "POST", body: Buffer.alloc(length, "x") };
        const answer = await ask({ port: world.port, host: "main.test", agent, ...body });
        assert.deepEqual([answer.status, answer.body], [200, index % 2 === 0 ? "0" : String(length)]);
      });
      assert.deepEqual(most, [3, 3]);
      const { queues, backends, sites } = await world.status();
      assert.deepEqual([queues[0]?.waiting, sites[0]?.inflight], [0, 0]);
      assert.ok(backends.every(({ inflight, idle }) => inflight === 0 && idle <= 3));
    } finally {
      agent.destroy();
      await set.end();
    }
  });
});

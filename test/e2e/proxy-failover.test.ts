import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { monotonicMs } from "../../src/base/clock.js";
import { inParallel, keeping, startCountingSet, startRawSet } from "../support/backend-set.js";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { startProxy, tcp } from "../support/proxy.js";
import { exchange } from "../support/raw-client.js";
import { ok, startRawBackend } from "../support/raw-backend.js";
import { countOf } from "../support/spread.js";
import { startStuckBackend } from "../support/stuck-backend.js";
import { until } from "../support/world.js";

const FORM = { method: "POST", body: Buffer.from("a form") };

describe("Failover under load", needs("root"), () => {
  test("One of three backends is killed: no GET fails, no POST is executed twice, and it is back in time", async () => {
    const set = await startCountingSet(3, { restMs: 1000 });
    const { world, backends } = set;
    const [victim] = backends;
    try {
      if (victim === undefined) assert.fail();
      const agent = keeping(16);
      const base = { port: world.port, host: "main.test", agent };
      const statuses = { GET: new Map<number, number>(), POST: new Map<number, number>() };
      let isKilled = false;
      await inParallel(6000, 16, async (index) => {
        // More than once, so that it meets requests in every phase.
        if (index % 1500 === 500) {
          await victim.kill();
          isKilled = true;
        }
        if (index % 1500 === 1000) await victim.start();
        const isPost = index % 3 === 0;
        const path = `/?id=${index}&ms=${index % 5}`;
        const { status } = await ask({ ...base, path, ...(isPost ? FORM : {}) });
        const counts = statuses[isPost ? "POST" : "GET"];
        counts.set(status, (counts.get(status) ?? 0) + 1);
      });
      assert.ok(isKilled);
      assert.deepEqual([...statuses.GET], [[200, 4000]], world.errors());
      assert.ok(
        [...statuses.POST.keys()].every((status) => status === 200 || status === 502),
        JSON.stringify([...statuses.POST]),
      );
      const executed = backends.flatMap((backend) => backend.executed());
      const posts = countOf(executed.filter(({ method }) => method === "POST").map(({ id }) => id));
      assert.deepEqual(
        [...posts].filter(([, count]) => count > 1),
        [],
      );
      await victim.kill();
      await until("it to be passed over", async () => {
        await ask({ ...base, path: "/?id=seek" });
        return (await world.status()).backends[0]?.refusedSecAgo === 0;
      });
      await victim.start();
      const [since, before] = [monotonicMs(), victim.executed().length];
      await until("it to be asked again", async () => {
        await ask({ ...base, path: "/?id=back" });
        return victim.executed().length > before;
      });
      // A second of rest, and the pace of this test.
      assert.ok(monotonicMs() - since < 4000, `${monotonicMs() - since} ms`);
      agent.destroy();
    } finally {
      await set.end();
    }
  });

  test("A backend that closes instead of answering: a GET goes to the next one, a POST is told", async () => {
    const set = await startRawSet(2, {}, ({ socket, head }, index) => {
      if (index === 0) socket.destroy();
      else socket.write(ok(head.split(" ")[0] ?? ""));
    });
    try {
      const base = { port: set.world.port, host: "main.test" };
      const gets = await inParallel(20, 2, async () => (await ask(base)).status);
      assert.deepEqual([...countOf(gets.map(String))], [["200", 20]]);
      const before = set.backends.map(({ requests }) => requests.length);
      const posts = await inParallel(20, 1, async () => String((await ask({ ...base, ...FORM })).status));
      assert.deepEqual(countOf(posts), new Map(Object.entries({ 200: 10, 502: 10 })));
      assert.deepEqual(
        set.backends.map(({ requests }, index) => requests.length - (before[index] ?? 0)),
        [10, 10],
      );
      assert.match(set.world.errors(), /"event":"backend-closed"/);
    } finally {
      await set.end();
    }
  });
});

describe("Times of an upstream", needs("root"), () => {
  test("connect_timeout: a backend that takes no connection is passed over, whatever the request", async () => {
    const stuck = await startStuckBackend();
    const well = await startRawBackend(({ socket, body }) => socket.write(ok(String(body.length))));
    const world = await startProxy(
      [tcp(stuck.port), tcp(well.port)],
      {},
      { connectTimeoutMs: 300, restMs: 1000 },
    );
    try {
      const base = { port: world.port, host: "main.test", method: "POST", body: Buffer.alloc(50_000) };
      for (let round = 0; round < 4; round += 1) {
        const { status, body } = await ask(base);
        assert.deepEqual([status, body], [200, "50000"]);
      }
      assert.match(world.errors(), /"event":"backend-refused".*"why":"timeout"/);
      await well.close();
      const started = monotonicMs();
      assert.equal((await ask(base)).status, 504);
      assert.ok(monotonicMs() - started >= 300);
      assert.match(world.errors(), /"reason":"connect-(?:timeout|failed)"/);
    } finally {
      await world.end();
      await well.close();
      stuck.end();
    }
  });

  test("read_timeout: an answer that does not begin is a 504, one that stops is broken off", async () => {
    const set = await startRawSet(1, { readTimeoutMs: 1000 }, ({ head, socket }) => {
      if (head.includes("/half")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    try {
      const base = { port: set.world.port, host: "main.test" };
      const started = monotonicMs();
      assert.equal((await ask(base)).status, 504);
      const tookMs = monotonicMs() - started;
      assert.ok(tookMs >= 1000 && tookMs < 20_000, `${tookMs} ms`);
      await until("a line", () => set.world.errors().includes('"reason":"first-byte-timeout"'));
      const half = await exchange(set.world.port, "GET /half HTTP/1.1\r\nHost: main.test\r\n\r\n");
      assert.match(half.text, /^(?:HTTP\/1\.1 200 OK\r\n.*half$|$)/s);
      await until("a line", () => set.world.errors().includes('"reason":"backend-stalled"'));
    } finally {
      await set.end();
    }
  });

  test("send_timeout: a backend that takes nothing of a request is a 504", async () => {
    const deaf = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const world = await startProxy(
      [tcp((deaf.address() as AddressInfo).port)],
      {},
      { sendTimeoutMs: 1000, readTimeoutMs: 600_000 },
    );
    try {
      const body = Buffer.alloc(40 * 1024 * 1024);
      const { status } = await ask({ port: world.port, host: "main.test", method: "POST", body });
      assert.equal(status, 504);
      await until("a line", () => world.errors().includes('"reason":"backend-write-stalled"'));
    } finally {
      await world.end();
      deaf.close();
    }
  });
});

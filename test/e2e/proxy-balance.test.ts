import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Upstream } from "../../src/spec/types.js";
import { parseCidr } from "../../src/base/cidr.js";
import { inParallel, keeping, startRawSet, type BackendSet } from "../support/backend-set.js";
import { ask } from "../support/http-answer.js";
import { needs } from "../support/needs.js";
import { ok, startRawBackend, type RawBackend } from "../support/raw-backend.js";
import { chiSquare, countOf } from "../support/spread.js";
import { siteStatus } from "../support/hold.js";
import { until } from "../support/world.js";

type Set = BackendSet<RawBackend>;

/** Which backend answered each of so many requests. */
async function placesOf(
  { world }: Set,
  count: number,
  of: (index: number) => { path?: string; headers?: Record<string, string> },
  atOnce = 8,
): Promise<string[]> {
  const agent = keeping(atOnce);
  const places = await inParallel(count, atOnce, async (index) => {
    const { status, body } = await ask({ port: world.port, host: "main.test", agent, ...of(index) });
    assert.equal(status, 200, body);
    return body;
  });
  agent.destroy();
  return places;
}

async function withSet(
  count: number,
  upstream: Partial<Upstream>,
  act: (set: Set) => Promise<void>,
  ...rest: Parameters<typeof startRawSet> extends [unknown, unknown, ...infer Rest] ? Rest : never
): Promise<void> {
  const set = await startRawSet(count, upstream, ...rest);
  try {
    await act(set);
  } finally {
    await set.end();
  }
}

describe("Several backends", needs("root"), () => {
  test("Round-robin is exact, and random comes close to it", async () => {
    for (const balance of ["round-robin", "random"] as const) {
      await withSet(4, { balance }, async (set) => {
        const places = await placesOf(set, 2000, () => ({}));
        const counts = [0, 1, 2, 3].map((index) => countOf(places).get(String(index)) ?? 0);
        if (balance === "round-robin") assert.deepEqual(counts, [500, 500, 500, 500]);
        else assert.ok(chiSquare(counts, [1, 1, 1, 1]) < 30, counts.join());
      });
    }
  });

  test("A slow backend gets few requests by least-connection, and its share by round-robin", async () => {
    const slowShare = async (balance: Upstream["balance"]): Promise<number> => {
      let share = 0;
      await withSet(
        3,
        { balance },
        async (set) => {
          const places = await placesOf(set, 300, () => ({}), 6);
          share = (countOf(places).get("0") ?? 0) / places.length;
        },
        ({ socket }, index) => {
          if (index === 0) setTimeout(() => socket.write(ok("0")), 200);
          else socket.write(ok(String(index)));
        },
      );
      return share;
    };
    const [least, turns] = [await slowShare("least-connection"), await slowShare("round-robin")];
    assert.ok(turns > 0.32, `${turns} in turn`);
    assert.ok(least < 0.2, `${least} by the fewest connections`);
  });

  test("By hash a URI has its backend; without it others have its URIs, and nothing else moves", async () => {
    await withSet(4, { balance: "hash", hashBy: { by: "uri" }, restMs: 1000 }, async (set) => {
      const of = (index: number) => ({ path: `/item/${index % 400}?x=${index % 400}` });
      const before = await placesOf(set, 800, of);
      assert.deepEqual(before.slice(400), before.slice(0, 400));
      const counts = [0, 1, 2, 3].map((index) => countOf(before).get(String(index)) ?? 0);
      assert.ok(
        counts.every((count) => count > 100),
        counts.join(),
      );
      const [lost] = set.backends;
      await lost?.close();
      const without = await placesOf(set, 400, of);
      const moved = without.filter((place, index) => place !== before[index]);
      assert.equal(moved.length, countOf(before.slice(0, 400)).get("0"));
      const heirs = [1, 2, 3].map((index) => countOf(moved).get(String(index)) ?? 0);
      assert.ok(chiSquare(heirs, [1, 1, 1]) < 30, heirs.join());
      const back = await startRawBackend(({ socket }) => socket.write(ok("0")), { port: lost?.port ?? 0 });
      await until("all to be where they were", async () => {
        const places = await placesOf(set, 400, of);
        return places.every((place, index) => place === before[index]);
      });
      await back.close();
    });
  });

  test("By hash of a field or a cookie its value decides, and without it they take turns", async () => {
    const by = async (hashBy: Upstream["hashBy"], headersOf: (value: string) => Record<string, string>) => {
      await withSet(3, { balance: "hash", hashBy }, async (set) => {
        const of = (index: number) => ({ path: `/${index}`, headers: headersOf(`user-${index % 30}`) });
        const places = await placesOf(set, 90, of);
        assert.deepEqual(places.slice(30, 60), places.slice(0, 30));
        assert.equal(countOf(places).size, 3);
        const without = await placesOf(set, 30, (index) => ({ path: `/${index}` }), 1);
        assert.deepEqual([...countOf(without).values()], [10, 10, 10]);
      });
    };
    await by({ by: "header", name: "x-user" }, (value) => ({ "X-User": value }));
    await by({ by: "cookie", name: "sid" }, (value) => ({ Cookie: `theme=dark; sid=${value}` }));
  });

  test("Sticky is by the client's address, behind a trusted proxy by the one that it tells", async () => {
    const loopback = parseCidr("127.0.0.0/8");
    if (loopback === null || loopback === "host-bits") assert.fail();
    const exceptions = { allow: [], trustedProxies: [loopback], pass: [], acme: true, health: null };
    await withSet(
      3,
      { balance: "sticky" },
      async (set) => {
        const own = await placesOf(set, 20, (index) => ({ path: `/${index}` }));
        assert.equal(countOf(own).size, 1);
        const of = (index: number) => ({ headers: { "X-Forwarded-For": `192.0.2.${index % 40}` } });
        const told = await placesOf(set, 120, of);
        assert.equal(countOf(told).size, 3);
        assert.deepEqual(told.slice(40, 80), told.slice(0, 40));
      },
      undefined,
      { exceptions },
    );
  });

  test("A reload drains a backend that the spec has dropped, and says so until it is done", async () => {
    await withSet(
      2,
      {},
      async (set) => {
        const { world } = set;
        const slow = placesOf(set, 2, () => ({ path: "/wait" }));
        await until("both to have one", async () => (await siteStatus(world)).inflight === 2);
        world.respec((spec) => ({
          ...spec,
          upstreams: spec.upstreams.map((one) => ({ ...one, backends: one.backends.slice(1) })),
        }));
        process.kill(world.masterPid(), "SIGHUP");
        const states = async (): Promise<string> =>
          (await world.status()).backends.map(({ state }) => state).join();
        await until("the first to drain", async () => (await states()) === "available,draining");
        assert.deepEqual([...countOf(await placesOf(set, 20, () => ({})))], [["1", 20]]);
        for (const { requests } of set.backends)
          for (const { head, socket } of requests) if (head.includes("/wait")) socket.write(ok("late"));
        assert.deepEqual(await slow, ["late", "late"]);
        await until("nothing to be left of it", async () => (await states()) === "available");
      },
      ({ head, socket }, index) => {
        if (!head.includes("/wait")) socket.write(ok(String(index)));
      },
    );
  });
});

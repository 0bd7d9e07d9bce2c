import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IdlePool } from "../../../src/proxy/backend/idle-pool.js";
import { RoundRobin, type Choosable } from "../../../src/proxy/backend/round-robin.js";

describe("The pool of idle connections", () => {
  const connection = (name: string) => ({ name, idleSince: 0 });

  test("gives out the one used last, and none that has been idle for too long", () => {
    const pool = new IdlePool<{ name: string; idleSince: number }>(10);
    const [a, b] = [connection("a"), connection("b")];
    pool.put(a, 1);
    pool.put(b, 2);
    assert.equal(pool.take(6, 4), b);
    assert.equal(pool.take(6, 4), null, "the other is too old");
    assert.deepEqual(pool.expire(6, 4), [a]);
    assert.equal(pool.size, 0);
  });

  test("takes no more than it may, and lets go of one that is gone", () => {
    const pool = new IdlePool<{ name: string; idleSince: number }>(2);
    const [a, b, c] = [connection("a"), connection("b"), connection("c")];
    assert.deepEqual([pool.put(a, 0), pool.put(b, 0), pool.put(c, 0)], [true, true, false]);
    pool.remove(b);
    pool.remove(c);
    assert.equal(pool.take(0, 4), a);
    assert.equal(pool.take(0, 4), null);
  });

  test("lets those go that are too old, and keeps the others", () => {
    const pool = new IdlePool<{ name: string; idleSince: number }>(10);
    const all = ["a", "b", "c"].map(connection);
    all.forEach((one, index) => pool.put(one, index));
    assert.deepEqual(pool.expire(5, 3), all.slice(0, 2));
    assert.equal(pool.size, 1);
  });
});

describe("The choice of a backend", () => {
  const backends = (): (Choosable & { name: string })[] =>
    ["a", "b", "c"].map((name) => ({ name, refusedAt: null }));

  test("takes turns", () => {
    const choice = new RoundRobin(backends(), 5);
    assert.deepEqual(
      Array.from({ length: 5 }, () => choice.choose(0, null)?.name),
      ["a", "b", "c", "a", "b"],
    );
  });

  test("passes over one that has refused lately, until it has rested", () => {
    const all = backends();
    const choice = new RoundRobin(all, 5);
    const [, b] = all;
    assert.ok(b);
    b.refusedAt = 10;
    assert.deepEqual(
      Array.from({ length: 4 }, () => choice.choose(12, null)?.name),
      ["a", "c", "a", "c"],
    );
    assert.deepEqual(
      Array.from({ length: 2 }, () => choice.choose(15, null)?.name),
      ["a", "b"],
    );
  });

  test("comes back to one that rests when nothing else is left, and to none that the request has been to", () => {
    const all = backends();
    for (const one of all) one.refusedAt = 0;
    const choice = new RoundRobin(all, 5);
    const tried = new Set<(typeof all)[number]>();
    const seen = [];
    for (let one = choice.choose(1, tried); one !== null; one = choice.choose(1, tried)) {
      seen.push(one.name);
      tried.add(one);
    }
    assert.deepEqual(seen.sort(), ["a", "b", "c"]);
  });
});

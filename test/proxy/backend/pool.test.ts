import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IdlePool } from "../../../src/proxy/backend/idle-pool.js";

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

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BackendGroup } from "../../../src/proxy/backend/backend-group.js";
import type { BackendPool } from "../../../src/proxy/backend/backend-pool.js";
import { keyReader, type Asker } from "../../../src/proxy/backend/balance/balance.js";
import type { Upstream } from "../../../src/spec/types.js";
import { CoarseClock } from "../../../src/proxy/clock.js";
import { Log } from "../../../src/proxy/log.js";
import { tcp } from "../../support/proxy.js";
import { until } from "../../support/world.js";
import { upstreamOf } from "../../support/spec-parts.js";

const asker: Asker = { request: { target: "/", fields: "" }, clientAddress: () => "192.0.2.1" };
const groupOf = (ports: readonly number[], rest: Partial<Upstream> = {}): BackendGroup =>
  new BackendGroup({ ...upstreamOf("app", ports.map(tcp)), ...rest }, null);
const choose = (group: BackendGroup, tick: number, tried: ReadonlySet<BackendPool> | null = null) => {
  const pool = group.choose(asker, tick, tried);
  if (pool === "busy") assert.fail("they are busy");
  return pool;
};
const chosen = (group: BackendGroup, count: number, tick = 0): string =>
  Array.from({ length: count }, () => choose(group, tick)?.label.slice(-1)).join("");

describe("The backends of an upstream", () => {
  test("One that has refused lately is passed over for as long as the spec says", () => {
    const group = groupOf([1, 2, 3], { restMs: 3000 });
    const [, second] = group.pools;
    if (second !== undefined) second.refusedAt = 10;
    assert.equal(chosen(group, 4, 12), "1313");
    assert.equal([...new Set(chosen(group, 6, 13))].sort().join(""), "123");
  });

  test("One that rests is taken when nothing else is left, and none that the request has been to", () => {
    const group = groupOf([1, 2, 3]);
    for (const pool of group.pools) pool.refusedAt = 0;
    const tried = new Set<BackendPool>();
    for (let one = choose(group, 1, tried); one !== null; one = choose(group, 1, tried)) tried.add(one);
    assert.equal(tried.size, 3);
  });

  test("One that fails its health checks is not taken, and no other is asked twice", () => {
    const group = groupOf([1, 2]);
    const [first, second] = group.pools;
    const note = (pool: BackendPool | undefined): void =>
      void pool?.health.note("status 500", { passes: 1, fails: 1 });
    note(first);
    assert.equal(chosen(group, 3), "222");
    note(second);
    assert.equal(choose(group, 0), null);
    group.freshen();
    assert.equal([...new Set(chosen(group, 4))].sort().join(""), "12", "after a hold they may be others");
    const alone = groupOf([1]);
    note(alone.pools[0]);
    assert.equal(choose(alone, 0), null);
  });

  test("A new spec keeps those that stay, with their counts, and drains those that have requests", () => {
    const group = groupOf([1, 2]);
    const [first, second] = group.pools;
    if (first === undefined || second === undefined) assert.fail();
    first.open = 1;
    second.refusedAt = 5;
    group.reconfigure(upstreamOf("app", [tcp(2), tcp(3)]), null);
    assert.equal(group.pools[0], second);
    assert.equal(chosen(group, 2, 100), "23");
    const states = (): string[] => group.all().map(({ pool, state }) => `${pool.label.slice(-1)} ${state}`);
    assert.deepEqual(states(), ["2 available", "3 available", "1 draining"]);
    group.reconfigure(upstreamOf("app", [tcp(1)]), null);
    assert.equal(group.pools[0], first, "it is back with what it still has");
    group.sweep(1);
    assert.deepEqual(states(), ["1 available"]);
  });

  test("Weights are those of the spec in force, and each address of a name has that of the name", async () => {
    const group = new BackendGroup(upstreamOf("app", [{ ...tcp(1), weight: 3 }, tcp(2)]), null);
    assert.equal(chosen(group, 8), "11211121");
    group.reconfigure(upstreamOf("app", [tcp(1), { ...tcp(2), weight: 3 }]), null);
    assert.equal([...chosen(group, 40)].filter((label) => label === "2").length, 30);
    const named = { kind: "tcp", host: "app.test", port: 1, weight: 5 } as const;
    const lookup = async () => ["10.0.0.1", "10.0.0.2"].map((address) => ({ address, family: 4 }));
    const names = new BackendGroup(upstreamOf("app", [named]), null, lookup);
    const log = new Log({ write: () => true, writableLength: 0 }, "web");
    names.begin({ log, clock: new CoarseClock() });
    await until("both to be known", () => names.pools.length === 2);
    assert.deepEqual(
      names.pools.map(({ weight }) => weight),
      [5, 5],
    );
    names.end();
  });

  test("The rule, and the times, are those of the spec in force", () => {
    const group = groupOf([1, 2], { balance: "sticky" });
    assert.equal(new Set(chosen(group, 5)).size, 1);
    group.reconfigure(
      { ...upstreamOf("app", [tcp(1), tcp(2)]), readTimeoutMs: 1500, connectTimeoutMs: 50 },
      null,
    );
    assert.equal(new Set(chosen(group, 5)).size, 2);
    assert.deepEqual(group.pools[0]?.times, { connectMs: 50, readSec: 2, sendSec: 30, restSec: 5 });
  });
});

describe("What a rule looks at", () => {
  const keyOf = (hashBy: Upstream["hashBy"], fields: string, balance: Upstream["balance"] = "hash") =>
    keyReader({ balance, hashBy })?.({
      request: { target: "/a?b=c", fields },
      clientAddress: () => "192.0.2.7",
    });

  test("is the target, a field, a cookie, or the client's address", () => {
    const fields = "X-User: anna\r\nCookie: sid-x=1; sid=two=2; sid=3\r\n";
    assert.equal(keyOf({ by: "uri" }, fields), "/a?b=c");
    assert.equal(keyOf({ by: "header", name: "x-user" }, fields), "anna");
    assert.equal(keyOf({ by: "cookie", name: "sid" }, fields), "two=2");
    assert.equal(keyOf({ by: "uri" }, fields, "sticky"), "192.0.2.7");
  });

  test("is nothing when the request has none of it, or the rule asks for nothing", () => {
    assert.equal(keyOf({ by: "header", name: "x-user" }, "X-Users: anna\r\n"), null);
    assert.equal(keyOf({ by: "cookie", name: "sid" }, "Cookie: other=1\r\n"), null);
    assert.equal(keyOf({ by: "uri" }, "", "random"), undefined);
  });
});

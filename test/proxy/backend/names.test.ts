import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { describe, test } from "node:test";
import { BackendGroup } from "../../../src/proxy/backend/backend-group.js";
import type { Lookup } from "../../../src/proxy/backend/names/name-watch.js";
import { CoarseClock } from "../../../src/proxy/clock.js";
import { Log } from "../../../src/proxy/log.js";
import { upstreamOf } from "../../support/spec-parts.js";
import { until } from "../../support/world.js";

const PORT = 8080;
const found = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
const missing = (): never => {
  throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
};

/** An upstream whose only backend is a name. */
function groupOf(lookup: Lookup) {
  let text = "";
  const log = new Log({ write: (line: string) => (text += line), writableLength: 0 }, "web");
  const backends = [{ kind: "tcp", host: "app.test", port: PORT, weight: 1 }] as const;
  const group = new BackendGroup(upstreamOf("app", backends), null, lookup);
  group.begin({ log, clock: new CoarseClock() });
  const labels = (): string => group.pools.map(({ label }) => label).join(" ");
  return { group, labels, log: () => text };
}

/** Where a new connection to the only pool would go. */
function reached({ pools: [pool] }: BackendGroup): Promise<string> {
  return new Promise((resolve, reject) => {
    if (pool === undefined || !("lookup" in pool.where) || pool.where.lookup === undefined)
      return reject(new Error("it is no name"));
    pool.where.lookup("app.test", { all: true }, (error, addresses) => {
      if (error !== null) reject(error);
      else resolve((addresses as LookupAddress[]).map(({ address }) => address).join(" "));
    });
  });
}

describe("A backend that is named", () => {
  test("is one backend with the addresses of one machine, and as many as it has addresses of several", async () => {
    let now = found("::1", "127.0.0.1");
    const { group, labels, log } = groupOf(async () => now);
    await until("the answer", () => log().includes("name-resolved"));
    assert.equal(labels(), "app.test:8080");
    now = found("10.0.0.3", "fd00::1", "10.0.0.1", "fd00::2", "10.0.0.2");
    group.freshen();
    await until("several", () => labels() === "10.0.0.1:8080 10.0.0.2:8080 10.0.0.3:8080");
    const [first] = group.pools;
    if (first !== undefined) first.open = 1;
    now = found("10.0.0.2", "10.0.0.4");
    group.freshen();
    await until("others", () => labels() === "10.0.0.2:8080 10.0.0.4:8080");
    const states = group.all().map(({ pool, state }) => `${pool.label} ${state}`);
    assert.ok(states.includes("10.0.0.1:8080 draining"), states.join());
    now = found("fd00::1", "fd00::2");
    group.freshen();
    await until("IPv6", () => labels() === "[fd00::1]:8080 [fd00::2]:8080");
    group.end();
  });

  test("keeps what it had when it is not found, says so once, and that it is found again", async () => {
    let now: () => LookupAddress[] = () => found("10.0.0.1", "10.0.0.2");
    let looks = 0;
    const { group, labels, log } = groupOf(async () => {
      looks += 1;
      return now();
    });
    await until("two", () => labels() === "10.0.0.1:8080 10.0.0.2:8080");
    now = missing;
    for (let round = 0; round < 3; round += 1) {
      const before = looks;
      group.freshen();
      await until("a look", () => looks > before);
      await until("two as before", () => labels() === "10.0.0.1:8080 10.0.0.2:8080");
    }
    assert.equal(log().split('"event":"name-failed"').length, 2);
    assert.match(log(), /"why":"ENOTFOUND","kept":"10\.0\.0\.1 10\.0\.0\.2"/);
    assert.deepEqual(group.names.facts(), [
      { name: "app.test:8080", addresses: "10.0.0.1 10.0.0.2", problem: "ENOTFOUND" },
    ]);
    now = () => found("10.0.0.9");
    group.freshen();
    await until(
      "the new one",
      () => labels() === "app.test:8080" && group.names.facts()[0]?.problem === null,
    );
    assert.equal(await reached(group), "10.0.0.9");
    group.end();
  });

  test("is an error for the connection as long as it was never found", async () => {
    const { group } = groupOf(async () => missing());
    await assert.rejects(reached(group), { code: "ENOTFOUND" });
    group.end();
  });

  test("is met where it is now: a look that began before it was to be fresh does not count", async () => {
    const open: ((addresses: LookupAddress[]) => void)[] = [];
    const { group } = groupOf(() => new Promise((resolve) => open.push(resolve)));
    const answer = async (count: number, ...addresses: string[]): Promise<void> => {
      await until("a look", () => open.length === count);
      open[count - 1]?.(found(...addresses));
    };
    group.freshen();
    let place = "";
    void reached(group).then((where) => (place = where));
    await answer(1, "10.0.0.1");
    await until("another look", () => open.length === 2);
    assert.equal(place, "", "it waits for the second");
    await answer(2, "10.0.0.2");
    await until("the place", () => place === "10.0.0.2");
    group.end();
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Choosable } from "../../../../src/proxy/backend/balance/choosable.js";
import { LeastConnection } from "../../../../src/proxy/backend/balance/least-connection.js";
import { Rendezvous } from "../../../../src/proxy/backend/balance/rendezvous.js";
import { RoundRobin } from "../../../../src/proxy/backend/balance/round-robin.js";
import { TwoChoices } from "../../../../src/proxy/backend/balance/two-choices.js";
import { chiSquare, countOf, seededRandom } from "../../../support/spread.js";

type Backend = { -readonly [Key in keyof Choosable]: Choosable[Key] };

const backends = (weights: Readonly<Record<string, number>>): Backend[] =>
  Object.entries(weights).map(([label, weight]) => ({ label, weight, load: 0, due: 0 }));
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const counted = (all: readonly Backend[], picked: readonly string[]): number[] =>
  all.map(({ label }) => countOf(picked).get(label) ?? 0);

describe("Backends in turn", () => {
  test("come one after the other, and a heavier one more often, with the others in between", () => {
    const equal = backends({ a: 1, b: 1, c: 1 });
    const rule = new RoundRobin();
    assert.equal(times(7, () => rule.pick(equal).label).join(""), "abcabca");
    const uneven = backends({ a: 5, b: 1, c: 1 });
    assert.equal(times(14, () => rule.pick(uneven).label).join(""), "aabacaaaabacaa");
  });

  test("share evenly what one of them cannot take, and it is not given more when it is back", () => {
    const all = backends({ a: 1, b: 1, c: 1 });
    const rule = new RoundRobin();
    const without = all.filter(({ label }) => label !== "b");
    assert.deepEqual(
      counted(
        all,
        times(100, () => rule.pick(without).label),
      ),
      [50, 0, 50],
    );
    assert.deepEqual(
      counted(
        all,
        times(99, () => rule.pick(all).label),
      ),
      [33, 33, 33],
    );
  });
});

describe("The backend with the fewest connections", () => {
  test("is taken; of those that have equally many each in turn", () => {
    const all = backends({ a: 1, b: 1, c: 1 });
    const rule = new LeastConnection();
    assert.equal(times(6, () => rule.pick(all).label).join(""), "abcabc");
    const [a, b, c] = all as [Backend, Backend, Backend];
    [a.load, b.load, c.load] = [2, 1, 2];
    assert.equal(times(3, () => rule.pick(all).label).join(""), "bbb");
  });

  test("is told by its weight: three times the weight, three times the connections", () => {
    const all = backends({ a: 3, b: 1 });
    const rule = new LeastConnection();
    for (let round = 0; round < 400; round += 1) rule.pick(all).load += 1;
    assert.deepEqual(
      all.map(({ load }) => load),
      [300, 100],
    );
  });
});

describe("Two backends at random", () => {
  test("are equally often one as the other, and by their weights", () => {
    const rule = new TwoChoices(seededRandom(7));
    const equal = backends({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1 });
    const picked = times(70_000, () => rule.pick(equal).label);
    assert.ok(chiSquare(counted(equal, picked), [1, 1, 1, 1, 1, 1, 1]) < 30);
    const uneven = backends({ a: 3, b: 2, c: 1 });
    const weighted = times(60_000, () => rule.pick(uneven).label);
    assert.ok(chiSquare(counted(uneven, weighted), [3, 2, 1]) < 30);
  });

  test("keep the loads close together, where one at random would not", () => {
    const spreadOf = (pick: (all: Backend[]) => Backend): number => {
      const all = backends(Object.fromEntries(times(20, (index) => [`b${index}`, 1])));
      for (let round = 0; round < 2000; round += 1) pick(all).load += 1;
      const loads = all.map(({ load }) => load);
      return Math.max(...loads) - Math.min(...loads);
    };
    const rule = new TwoChoices(seededRandom(1));
    const random = seededRandom(1);
    const two = spreadOf((all) => rule.pick(all));
    const one = spreadOf((all) => all[Math.floor(random() * all.length)] as Backend);
    assert.ok(two <= 6, `${two} between the most and the least`);
    assert.ok(one > 2 * two, `${one} for one choice`);
  });

  test("are one when there is one", () => {
    const [only] = backends({ a: 1 });
    assert.equal(new TwoChoices(() => 0.999).pick([only as Backend]), only);
  });
});

describe("The backend of a key", () => {
  const keys = times(20_000, (index) => `/item/${index}?page=${index % 7}`);
  const rule = (): Rendezvous => new Rendezvous(new RoundRobin());
  const all = backends(Object.fromEntries(times(7, (index) => [`10.0.0.${index + 1}:80`, 1])));
  const placesOf = (from: Backend[], by = rule()): string[] => keys.map((key) => by.pick(from, key).label);

  test("is always the same, in whatever order the backends come, and each has its even share", () => {
    const places = placesOf(all);
    assert.deepEqual(placesOf([...all].reverse()), places);
    assert.ok(chiSquare(counted(all, places), [1, 1, 1, 1, 1, 1, 1]) < 30);
  });

  test("changes only for the keys of one that leaves; these spread evenly, and come back with it", () => {
    const before = placesOf(all);
    const [gone, ...others] = all as [Backend, ...Backend[]];
    const after = placesOf(others);
    const moved = keys.flatMap((_, index) => (after[index] === before[index] ? [] : [index]));
    assert.ok(moved.every((index) => before[index] === gone.label));
    assert.equal(moved.length, countOf(before).get(gone.label));
    assert.ok(moved.length < (keys.length / 7) * 1.1, `${moved.length} of ${keys.length} moved`);
    const heirs = moved.map((index) => after[index] ?? "");
    assert.ok(chiSquare(counted(others, heirs), [1, 1, 1, 1, 1, 1]) < 30);
    assert.deepEqual(placesOf(all), before);
  });

  test("moves to a new one only as many keys as are its share", () => {
    const fewer = all.slice(0, 6);
    const before = placesOf(fewer);
    const after = placesOf(all);
    const newest = all[6]?.label;
    assert.ok(after.every((place, index) => place === before[index] || place === newest));
  });

  test("is a heavier one more often, as its weight says", () => {
    const uneven = backends({ "a:80": 3, "b:80": 2, "c:80": 1 });
    assert.ok(chiSquare(counted(uneven, placesOf(uneven)), [3, 2, 1]) < 30);
  });

  test("is each in turn without a key", () => {
    const by = rule();
    const three = backends({ a: 1, b: 1, c: 1 });
    assert.equal(times(6, () => by.pick(three, null).label).join(""), "abcabc");
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { pairedRatios, rotated, shuffled, spreadOf } from "../../bench/statistics.js";

test("the five numbers of a sample are those of its sorted values", () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2, 5]), {
    count: 5,
    min: 1,
    lowerQuartile: 2,
    median: 3,
    upperQuartile: 4,
    max: 5,
  });
  assert.equal(spreadOf([1, 2]).median, 1.5);
  assert.throws(() => spreadOf([]), /no sample/);
});

test("a ratio is of one round: one that a side has missed counts for neither", () => {
  const base = new Map([
    [0, 10],
    [1, 30],
    [3, 50],
  ]);
  const figures = new Map([
    [0, 20],
    [2, 1],
    [3, 25],
  ]);
  assert.deepEqual(pairedRatios(base, figures), [0.5, 2]);
  assert.deepEqual(pairedRatios(base, new Map([[0, 0]])), []);
});

test("a shuffled list has the same members, in the order of the chances given", () => {
  const chances = [0.99, 0, 0.5];
  assert.deepEqual(
    shuffled(["a", "b", "c"], () => chances.shift() ?? 0),
    ["c", "a", "b"],
  );
  const list = [1, 2, 3, 4];
  assert.deepEqual([...shuffled(list)].sort(), list);
  assert.deepEqual(list, [1, 2, 3, 4]);
});

test("a list turned by its length is the list", () => {
  assert.deepEqual(rotated([1, 2, 3], 1), [2, 3, 1]);
  assert.deepEqual(rotated([1, 2, 3], 3), [1, 2, 3]);
});

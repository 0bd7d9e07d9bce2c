import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sumOf } from "../../../src/proxy/process/sum.js";

describe("the sum of what workers report", () => {
  test("Counts are added, ages are the oldest's, and nothing is the sum of nothing", () => {
    const one = {
      inflight: 2,
      held: 1,
      oldestHeldMs: 40,
      uptimeSec: 9,
      refusedSecAgo: 7,
      totals: { left: 1 },
    };
    const other = {
      inflight: 3,
      held: 0,
      oldestHeldMs: null,
      uptimeSec: 4,
      refusedSecAgo: 2,
      totals: { left: 5 },
    };
    assert.deepEqual(sumOf([one, other]), {
      inflight: 5,
      held: 1,
      oldestHeldMs: 40,
      uptimeSec: 9,
      refusedSecAgo: 2,
      totals: { left: 6 },
    });
    assert.equal(sumOf([]), null);
  });

  test("What they do not agree on is said: a mode is mixed, a generation is none", () => {
    const one = { mode: "up", generation: 3, synced: true, stopping: false };
    assert.deepEqual(sumOf([one, { ...one }]), one);
    const other = { mode: "down", generation: 4, synced: false, stopping: true };
    assert.deepEqual(sumOf([one, other]), { mode: "mixed", generation: null, synced: false, stopping: true });
    assert.equal(sumOf([one, { ...one, generation: null }, one])?.generation, null);
  });

  test("Entries of lists are known by their names; plain ones are put one after the other", () => {
    const one = {
      workers: [1],
      sites: [{ name: "a", inflight: 1 }],
      backends: [{ upstream: "u", backend: "b", idle: 1 }],
    };
    const other = {
      workers: [2],
      sites: [
        { name: "b", inflight: 4 },
        { name: "a", inflight: 2 },
      ],
      backends: [{ upstream: "u", backend: "b", idle: 2 }],
    };
    assert.deepEqual(sumOf<object>([one, other]), {
      workers: [1, 2],
      sites: [
        { name: "a", inflight: 3 },
        { name: "b", inflight: 4 },
      ],
      backends: [{ upstream: "u", backend: "b", idle: 3 }],
    });
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { afterEnd, endText, LONG_LIVED_MS } from "../../src/workers/restart-policy.js";

const BOUNDS = { firstMs: 100, longestMs: 30_000, failures: 10 };
const died = (livedMs: number) => ({ code: 3, signal: null, livedMs });

test("Deaths soon after the start double the pause, from the first to the longest, and open the breaker", () => {
  let place = { failures: 0 };
  const pauses: number[] = [];
  const opens: boolean[] = [];
  for (let death = 0; death < 12; death += 1) {
    const verdict = afterEnd(place, died(5), BOUNDS, true);
    place = verdict;
    pauses.push(verdict.pauseMs);
    opens.push(verdict.opensBreaker);
  }
  assert.deepEqual(pauses.slice(0, 9), [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600]);
  assert.deepEqual(pauses.slice(9), [30_000, 30_000, 30_000]);
  assert.equal(opens.indexOf(true), 9);
});

test("A process that has lived long begins a new row, and the pause is the first again", () => {
  assert.deepEqual(afterEnd({ failures: 8 }, died(LONG_LIVED_MS), BOUNDS, true), {
    failures: 1,
    pauseMs: 100,
    opensBreaker: false,
  });
});

test("A program that ends by itself after its share of requests is replaced at once; one that ends at its start is not", () => {
  const ended = { code: 0, signal: null, livedMs: 1500 };
  const atOnce = { failures: 0, pauseMs: 0, opensBreaker: false };
  assert.deepEqual(afterEnd({ failures: 3 }, ended, BOUNDS, false), atOnce);
  assert.equal(afterEnd({ failures: 0 }, { ...ended, livedMs: 20 }, BOUNDS, true).pauseMs, 100);
  // So many requests that its share takes less than a second: it has taken connections.
  assert.deepEqual(afterEnd({ failures: 3 }, { ...ended, livedMs: 400 }, BOUNDS, true), atOnce);
  assert.equal(afterEnd({ failures: 0 }, { ...ended, livedMs: 400 }, BOUNDS, false).pauseMs, 100);
});

test("An end is told by its code or its signal, and by how long the process has lived", () => {
  assert.equal(endText(died(40)), "ended with code 3 after 40 ms");
  assert.equal(
    endText({ code: null, signal: "SIGKILL", livedMs: 12_340 }),
    "was ended by SIGKILL after 12.3 s",
  );
});

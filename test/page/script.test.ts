import assert from "node:assert/strict";
import { describe, test } from "node:test";
import vm from "node:vm";
import { SOURCE } from "../../src/page/source.js";

interface Answer {
  status: number;
  isMarked: boolean;
}

/**
 * Runs the page's script in a world of its own where time is ours.
 * @param random a number from 0 up to 1, as Math.random
 * @param answer what its question is answered with at a time; null: nobody answers
 */
async function openPage(random: () => number, answer: (atMs: number) => Answer | null, endMs: number) {
  let nowMs = 0;
  let next: { atMs: number; run: () => unknown } | null = null;
  const looks: number[] = [];
  let loadedMs: number | null = null;
  const note = { textContent: "" };
  const location = { href: "http://a.test/", hash: "", replace: () => (loadedMs = nowMs) };
  vm.runInNewContext(SOURCE.script, {
    document: {
      currentScript: { dataset: { header: "X", watching: "watching", back: "back", late: "late" } },
      querySelector: (selector: string) => (selector === "[role=status]" ? note : null),
      addEventListener: () => {},
      hidden: false,
    },
    location,
    Math: { random, min: Math.min },
    Date: { now: () => nowMs },
    clearTimeout: () => (next = null),
    setTimeout: (run: () => unknown, ms: number) => (next = { atMs: nowMs + ms, run }),
    fetch: async (_url: string, { method }: { method: string }) => {
      assert.equal(method, "HEAD");
      looks.push(nowMs);
      const given = answer(nowMs);
      if (given === null) throw new TypeError("Failed to fetch");
      return { status: given.status, headers: { has: () => given.isMarked } };
    },
  });
  for (;;) {
    const due = next as { atMs: number; run: () => unknown } | null;
    if (due === null || due.atMs > endMs) return { looks, loadedMs: loadedMs as number | null, note };
    next = null;
    nowMs = due.atMs;
    await due.run();
  }
}

/** A sequence of its own for each page, the same in every run. */
function sequence(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const MINUTE = 60_000;
const DOWN: Answer = { status: 503, isMarked: true };
const UP: Answer = { status: 200, isMarked: false };

describe("The script of the page", () => {
  test("looks ever more seldom, and at last about every two minutes", async () => {
    const { looks, loadedMs } = await openPage(
      () => 0.5,
      () => DOWN,
      30 * MINUTE,
    );
    const pauses = looks.map((at, index) => at - (looks[index - 1] ?? 0));
    assert.deepEqual(pauses.slice(0, 4), [5000, 7500, 11_250, 16_875]);
    assert.equal(pauses.at(-1), 120_000);
    assert.equal(loadedMs, null);
  });

  test("waits on while a proxy in front has nobody to ask, while nobody answers, and while the site is marked", async () => {
    const answers: (Answer | null)[] = [
      { status: 502, isMarked: false },
      null,
      { status: 404, isMarked: true },
    ];
    const { looks, loadedMs, note } = await openPage(
      () => 0.5,
      () => (answers.length > 0 ? (answers.shift() as Answer | null) : UP),
      MINUTE * 10,
    );
    assert.equal(looks.length, 4);
    assert.equal(loadedMs, (looks[3] ?? 0) + 1500);
    assert.equal(note.textContent, "back");
  });

  test("loads the site for a redirect, which it does not follow, and for a page that is not found", async () => {
    for (const status of [0, 404]) {
      const { loadedMs } = await openPage(
        () => 0.5,
        () => ({ status, isMarked: false }),
        MINUTE,
      );
      assert.equal(loadedMs, 6500);
    }
  });

  test("never brings more than 1.5 % of all pages in one second, of those that were open for minutes", async () => {
    const pages = 4000;
    for (const downMs of [5 * MINUTE, 30 * MINUTE]) {
      const perSecond = new Map<number, number>();
      for (let page = 1; page <= pages; page += 1) {
        // all of them were opened within one second
        const answer = (atMs: number): Answer => (atMs + (page % 1000) < downMs ? DOWN : UP);
        const { loadedMs } = await openPage(sequence(page), answer, downMs + 10 * MINUTE);
        assert.ok(loadedMs !== null && loadedMs <= downMs + 3 * MINUTE + 4000, "every page loads the site");
        const second = Math.floor(loadedMs / 1000);
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
      const peak = Math.max(...perSecond.values());
      assert.ok(peak <= pages * 0.015, `${peak} of ${pages} within one second`);
    }
  });
});

import assert from "node:assert/strict";
import test from "node:test";
import { sleep, waitUntil } from "../../src/base/clock.js";

test("waiting ends with the first value that is not null", async () => {
  let looks = 0;
  assert.equal(
    await waitUntil(() => (++looks === 3 ? "there" : null), { timeoutMs: 60_000, intervalMs: 1 }),
    "there",
  );
  assert.equal(looks, 3);
});

test("waiting looks at least once, and gives up at the deadline", async () => {
  assert.equal(await waitUntil(() => "at once", { timeoutMs: 0, intervalMs: 1 }), "at once");
  assert.equal(await waitUntil(() => null, { timeoutMs: 20, intervalMs: 5 }), null);
});

test("waiting stops with the reason of the signal", async () => {
  const controller = new AbortController();
  const waiting = waitUntil(() => null, { timeoutMs: 60_000, intervalMs: 60_000, signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(sleep(60_000, controller.signal), /stopped/);
});

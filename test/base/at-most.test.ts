import assert from "node:assert/strict";
import { test } from "node:test";
import { atMost } from "../../src/base/at-most.js";

test("no more than so many run at once, in order, and a failure frees its place", async () => {
  const limited = atMost(3);
  let running = 0;
  let most = 0;
  const begun: number[] = [];
  const act = async (number: number): Promise<number> => {
    begun.push(number);
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (number === 4) throw new Error("four");
    return number;
  };
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const done = await Promise.allSettled(numbers.map((number) => limited(() => act(number))));
  assert.equal(most, 3);
  assert.deepEqual(begun, numbers);
  assert.deepEqual(
    done.map((one) => one.status === "fulfilled"),
    numbers.map((number) => number !== 4),
  );
});

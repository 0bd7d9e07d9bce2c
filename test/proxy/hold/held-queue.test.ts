import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { HeldQueue, type Place } from "../../../src/proxy/hold/held-queue.js";

class One implements Place<One> {
  before: One | null = null;
  behind: One | null = null;
  constructor(readonly name: number) {}
}

function namesOf(queue: HeldQueue<One>): number[] {
  const names: number[] = [];
  for (let at = queue.first; at !== null; at = at.behind) names.push(at.name);
  return names;
}

describe("The queue of held requests", () => {
  test("is what an array would be, whoever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(30), { nil: null }), { maxLength: 60 }), (moves) => {
        const queue = new HeldQueue<One>();
        const model: One[] = [];
        moves.forEach((move, turn) => {
          const [gone] = move === null || model.length === 0 ? [] : model.splice(move % model.length, 1);
          if (gone !== undefined) queue.remove(gone);
          else {
            const one = new One(turn);
            queue.put(one);
            model.push(one);
          }
          assert.deepEqual(
            namesOf(queue),
            model.map(({ name }) => name),
          );
          assert.equal(queue.size, model.length);
        });
      }),
    );
  });

  test("takes one that was in it a second time, at the end", () => {
    const queue = new HeldQueue<One>();
    const [first, second] = [new One(1), new One(2)];
    queue.put(first);
    queue.put(second);
    queue.remove(first);
    queue.put(first);
    assert.deepEqual(namesOf(queue), [2, 1]);
  });
});

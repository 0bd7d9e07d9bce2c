import type { Balance, Choosable } from "./choosable.js";

/** The one with the fewest busy connections for its weight; those that have equally many take turns. */
export class LeastConnection implements Balance {
  private turn = 0;

  pick<T extends Choosable>(from: readonly T[]): T {
    const start = this.turn;
    this.turn = (start + 1) % 2 ** 30;
    let best = from[start % from.length] as T;
    for (let step = 1; step < from.length; step += 1) {
      const one = from[(start + step) % from.length] as T;
      if (isLighter(one, best)) best = one;
    }
    return best;
  }
}

/** Whether one has less to do for its weight than another. */
export function isLighter(one: Choosable, other: Choosable): boolean {
  return one.load * other.weight < other.load * one.weight;
}

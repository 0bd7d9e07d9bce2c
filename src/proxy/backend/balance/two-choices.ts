import type { Balance, Choosable } from "./choosable.js";
import { isLighter } from "./least-connection.js";

/**
 * Two at random, by their weights, and of these the one with less to do: nearly as even as the least of all, and several
 * proxies that do not know of each other do not all run to the same backend at once.
 */
export class TwoChoices implements Balance {
  /** @param random from 0 to below 1 */
  constructor(private readonly random: () => number = Math.random) {}

  pick<T extends Choosable>(from: readonly T[]): T {
    const first = this.drawn(from, null);
    if (first === null || from.length === 1) return from[0] as T;
    const second = this.drawn(from, first);
    return second !== null && isLighter(second, first) ? second : first;
  }

  private drawn<T extends Choosable>(from: readonly T[], except: T | null): T | null {
    let total = 0;
    for (const one of from) if (one !== except) total += one.weight;
    let left = this.random() * total;
    let last: T | null = null;
    for (const one of from) {
      if (one === except) continue;
      last = one;
      left -= one.weight;
      if (left < 0) return one;
    }
    return last;
  }
}

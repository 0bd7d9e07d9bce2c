import type { Balance, Choosable } from "./choosable.js";

/**
 * Each in turn, by its weight, and evenly mixed: each is due its weight more with every choice, the one that is due most
 * is taken and pays for all. One that may not be chosen for a while is due nothing for it.
 */
export class RoundRobin implements Balance {
  pick<T extends Choosable>(from: readonly T[]): T {
    let total = 0;
    let best: T | null = null;
    for (const one of from) {
      total += one.weight;
      one.due += one.weight;
      if (best === null || one.due > best.due) best = one;
    }
    const chosen = best as T;
    chosen.due -= total;
    return chosen;
  }
}

import type { Balance, Choosable } from "./choosable.js";

/**
 * Highest random weight (Thaler and Ravishankar, 1998): each backend has a score for a key that depends on the two alone,
 * and the highest is taken. When one leaves, its keys go to whoever is next for each of them, which spreads them evenly;
 * no other key moves, and all come back with it. The score -w/ln(u) makes a share proportional to its weight (Schindelhauer
 * and Schomaker, 2005).
 */
export class Rendezvous implements Balance {
  /** Of labels: they are few, and hashed once. */
  private readonly seeds = new Map<string, number>();

  /** @param otherwise by which rule a request goes that has no key */
  constructor(private readonly otherwise: Balance) {}

  pick<T extends Choosable>(from: readonly T[], key: string | null): T {
    if (key === null) return this.otherwise.pick(from, null);
    const hash = hashOf(key);
    let best = from[0] as T;
    let bestScore = -1;
    for (const one of from) {
      const score = -one.weight / Math.log(unit(mixed(hash ^ this.seedOf(one.label))));
      if (score <= bestScore) continue;
      best = one;
      bestScore = score;
    }
    return best;
  }

  private seedOf(label: string): number {
    const known = this.seeds.get(label);
    if (known !== undefined) return known;
    // Labels come and go with the addresses of a name.
    if (this.seeds.size >= SEEDS_MAX) this.seeds.clear();
    const seed = mixed(hashOf(label) ^ 0x9e3779b9);
    this.seeds.set(label, seed);
    return seed;
  }
}

const SEEDS_MAX = 1024;

/** FNV-1a, 32 bits, of text with one byte a character. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Above 0 and below 1. */
function unit(hash: number): number {
  return ((hash >>> 0) + 0.5) / 2 ** 32;
}

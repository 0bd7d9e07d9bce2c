/** How often each of the values came. */
export function countOf(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Pearson's chi-square of what was counted against what was expected. By chance alone it is beyond 30 once in 10,000 times
 * for 6 degrees of freedom, and more seldom for fewer.
 * @param expected shares, of any total
 */
export function chiSquare(counts: readonly number[], expected: readonly number[]): number {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const scale = sum(counts) / sum(expected);
  return sum(
    counts.map((count, index) => {
      const wanted = (expected[index] ?? 0) * scale;
      return (count - wanted) ** 2 / wanted;
    }),
  );
}

/** Numbers from 0 to below 1 that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

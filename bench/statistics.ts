export interface Spread {
  count: number;
  min: number;
  lowerQuartile: number;
  median: number;
  upperQuartile: number;
  max: number;
}

/** Five numbers of a sample; quantiles by linear interpolation. Throws for an empty one. */
export function spreadOf(sample: readonly number[]): Spread {
  const sorted = [...sample].sort((a, b) => a - b);
  return {
    count: sorted.length,
    min: quantile(sorted, 0),
    lowerQuartile: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    upperQuartile: quantile(sorted, 0.75),
    max: quantile(sorted, 1),
  };
}

function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new Error("no sample");
  return below + (above - below) * (position - Math.floor(position));
}

/** The list turned left by `by` places. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

/** The list in an order of chance. */
export function shuffled<T>(list: readonly T[], chance: () => number = Math.random): T[] {
  const rest = [...list];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(chance() * rest.length), 1));
  return order;
}

/** For each round that both have a figure of: base / figure, so that above 1 is less than the base. */
export function pairedRatios(
  base: ReadonlyMap<number, number>,
  figures: ReadonlyMap<number, number>,
): number[] {
  const ratios: number[] = [];
  for (const [round, figure] of figures) {
    const against = base.get(round);
    if (against !== undefined && figure > 0) ratios.push(against / figure);
  }
  return ratios;
}

/** Nobody mistypes a longer one, and comparing two takes the product of their lengths. */
const WORD_CHARS_MAX = 100;

/** The candidate that a mistyped word most likely meant; null when none is near. */
export function suggest(word: string, candidates: readonly string[]): string | null {
  if (word.length > WORD_CHARS_MAX) return null;
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const isPrefix = word.length >= 2 && other.startsWith(lower);
    // A difference in length is a distance too.
    if (!isPrefix && Math.abs(other.length - lower.length) >= bestDistance) continue;
    const weight = isPrefix ? 1 : editDistance(lower, other);
    if (weight < bestDistance) {
      best = candidate;
      bestDistance = weight;
    }
  }
  return best;
}

/** Damerau-Levenshtein (optimal string alignment): insertions, deletions, replacements, swaps of neighbours. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const above = rows[i - 1] ?? [];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** How to mend a name that is none of those there are. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = suggest(word, candidates);
  if (near !== null) return `did you mean "${near}"?`;
  return candidates.length === 0 ? "there is none yet" : `known: ${candidates.join(", ")}`;
}

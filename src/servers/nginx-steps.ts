/**
 * What Retry-After can say on stock nginx besides the spec's own value, in seconds, rising. nginx has no way to read a
 * number while it runs, but it can tell whether files exist: five flag files name one row.
 */
export const RETRY_STEPS_SEC: readonly number[] = [
  5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200,
  10_800, 14_400, 21_600, 28_800, 43_200, 64_800, 86_400, 172_800, 345_600, 604_800,
];

const BITS = 5;

/** The names of all flag files; the index of a name is its bit. */
export const STEP_FLAGS: readonly string[] = Array.from({ length: BITS }, (_, bit) => `b${bit}`);

/** The bits that are set in a row's number (its index + 1; 0, no flag at all, is the spec's value). */
export function bitsOf(row: number): number[] {
  return STEP_FLAGS.map((_, bit) => bit).filter((bit) => row & (1 << bit));
}

/** The flag files for a wait of `seconds`: the next step upward, at most the longest. None when it is the spec's own value. */
export function stepFlags(seconds: number, specSeconds: number): string[] {
  if (seconds === specSeconds) return [];
  const index = RETRY_STEPS_SEC.findIndex((step) => step >= seconds);
  const row = (index === -1 ? RETRY_STEPS_SEC.length - 1 : index) + 1;
  return bitsOf(row).map((bit) => `b${bit}`);
}

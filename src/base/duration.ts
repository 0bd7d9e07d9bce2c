const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `"500ms"`, `"2s"`, `"1h30m"`: numbers with units, largest unit first, each unit at most once.
 * @returns milliseconds, a safe integer; null for anything else, a bare number included
 */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/.test(text) || text === "") return null;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+)(ms|[smhd])/g))
    total += Number(number) * (UNIT_MS[unit ?? ""] ?? 0);
  return Number.isSafeInteger(total) ? total : null;
}

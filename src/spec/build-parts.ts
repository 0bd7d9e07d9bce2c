import { parseDuration } from "../base/duration.js";

/** Milliseconds of a checked duration. */
export function ms(duration: string): number {
  const value = parseDuration(duration);
  if (value === null) throw new Error(`unchecked duration ${duration}`);
  return value;
}

/** A table of strings, in the order of the spec. */
export function pairs(table: Readonly<Record<string, string>> = {}): { name: string; value: string }[] {
  return Object.entries(table).map(([name, value]) => ({ name, value }));
}

/** A folder without the `/` at its end. */
export function folder(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

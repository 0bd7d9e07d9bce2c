/** A report of one worker: what JSON can carry. */
type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Numbers that are not counts. */
const OLDEST = /^(oldest|uptime)/;
const NEWEST = /Ago$/;
const IDENTITY = /^(generation|pid)$/;
/** Booleans that hold for all as soon as they hold for one; the others only when they hold for each. */
const ANY = /^stopping$/;
/** By these the entries of lists are known. */
const NAMES = ["name", "upstream", "backend"] as const;

/**
 * What several workers report, as if it were one: counts are added, ages are those of the oldest, what they do not
 * agree on is null (a number) or "mixed" (a word). Knows keys only by their kind, so that a new count needs no word here.
 */
export function sumOf<T>(reports: readonly T[]): T | null {
  const [first, ...rest] = reports as readonly Value[];
  if (first === undefined) return null;
  return rest.reduce((sum, one) => merged("", sum, one), first) as T;
}

function merged(key: string, one: Value | undefined, other: Value | undefined): Value {
  if (one === undefined) return other ?? null;
  if (other === undefined) return one;
  if (IDENTITY.test(key)) return one === other ? one : null;
  if (one === null || other === null) return one ?? other;
  if (typeof one === "number" && typeof other === "number") return number(key, one, other);
  if (typeof one === "boolean" && typeof other === "boolean")
    return ANY.test(key) ? one || other : one && other;
  if (isList(one) && isList(other)) return list(one, other);
  if (isRecord(one) && isRecord(other)) return record(one, other);
  return one === other ? one : "mixed";
}

function number(key: string, one: number, other: number): number {
  if (OLDEST.test(key)) return Math.max(one, other);
  return NEWEST.test(key) ? Math.min(one, other) : one + other;
}

function list(one: readonly Value[], other: readonly Value[]): Value {
  const found = new Map<string, Value>();
  const unnamed: Value[] = [];
  for (const entry of [...one, ...other]) {
    const name = nameOf(entry);
    if (name === null) unnamed.push(entry);
    else found.set(name, merged("", found.get(name), entry));
  }
  return [...unnamed, ...found.values()];
}

function nameOf(entry: Value): string | null {
  if (!isRecord(entry)) return null;
  const names = NAMES.flatMap((key) => (typeof entry[key] === "string" ? [entry[key]] : []));
  return names.length === 0 ? null : names.join(" ");
}

function record(one: Record<string, Value>, other: Record<string, Value>): Value {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(key, one[key], other[key])]));
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function isRecord(value: Value): value is Record<string, Value> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

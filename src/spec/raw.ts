/** Looks into values of which nothing is known yet: what a TOML parser made of a text. */

/** The value at a path; undefined when there is none. What an object inherits is not there. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isTable(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    root,
  );
}

/** The keys and values of a table; none for anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isTable(value) && !Array.isArray(value) && !(value instanceof Date) ? Object.entries(value) : [];
}

/** Those of its values that are tables. Their shape may still be wrong: T is what it should be. */
export function tablesOf<T>(value: unknown): [string, T][] {
  return entriesOf(value).filter(([, inner]) => isTable(inner) && !Array.isArray(inner)) as [string, T][];
}

/** The elements of a list; none for anything else. */
export function itemsOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

function isTable(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

import type { z } from "zod";
import { suggest } from "../base/suggest.js";
import { absentKey } from "./absent-keys.js";
import { noTable, type Finding } from "./cross-check.js";
import { descriptionAt, keysAt, tableFormsAt } from "./known-keys.js";
import { valueAt } from "./raw.js";
import type { Problem } from "./value-checks.js";

type Issue = z.core.$ZodIssue;

/** One schema issue in the words of a person who writes TOML. */
export function findingsOf(issue: Issue, root: unknown): Finding[] {
  const { path } = issue;
  const given = valueAt(root, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(path, key));
    case "invalid_type":
      return given === undefined ? [missing(path)] : [wrongType(path, issue.expected, given)];
    case "invalid_value":
      return given === undefined ? [missing(path, issue.values)] : [wrongValue(path, issue.values, given)];
    case "invalid_union":
      return given === undefined ? [missing(path)] : unionFindings(issue, root);
    case "too_small":
    case "too_big":
      return [bound(issue)];
    case "custom": {
      const { why = null, fix = null, at } = (issue.params ?? {}) as Partial<Problem>;
      return [{ path, message: issue.message, why, fix, ...(at === undefined ? {} : { at }) }];
    }
    default:
      return [{ path, message: issue.message, why: null, fix: null }];
  }
}

function unknownKey(path: readonly PropertyKey[], key: string): Finding {
  const at = { path: [...path, key], atKey: true, message: `unknown key \`${key}\`` };
  const absent = absentKey(path, key);
  if (absent !== null) return { ...at, ...absent };
  const known = keysAt(path);
  const near = suggest(key, known);
  const fix = near === null ? `known keys here: ${known.join(", ")}` : `did you mean \`${near}\`?`;
  return { ...at, why: null, fix };
}

function missing(path: readonly PropertyKey[], values: readonly unknown[] = []): Finding {
  const [key] = path;
  if (path.length === 1 && (key === "server" || key === "site")) return noTable(key);
  const fix = values.length === 0 ? null : `one of ${values.map(quote).join(", ")}`;
  return {
    path,
    atKey: true,
    message: missingText(path),
    why: null,
    fix,
  };
}

function missingText(path: readonly PropertyKey[]): string {
  const what = descriptionAt(path);
  return `\`${String(path.at(-1))}\` is missing${what === null ? "" : ` (${what})`}`;
}

function wrongType(path: readonly PropertyKey[], expected: string, given: unknown): Finding {
  const wanted = TYPE_NAMES[expected] ?? expected;
  // A number that is no number of the right kind: a fraction, an infinity, or beyond 2^53.
  const found =
    wanted === "a whole number" && /^(number|bigint)$/.test(typeof given) ? String(given) : typeName(given);
  return {
    path,
    message: `expected ${wanted}, found ${found}`,
    why: null,
    fix: quoteFix(path, expected, given),
  };
}

function wrongValue(path: readonly PropertyKey[], values: readonly unknown[], given: unknown): Finding {
  const near = typeof given === "string" ? suggest(given, values.map(String)) : null;
  const found = typeof given === "string" ? `"${given}"` : typeName(given);
  const fix = near === null ? null : `did you mean "${near}"?`;
  return { path, message: `${found} is not one of ${values.map(quote).join(", ")}`, why: null, fix };
}

/** Of the forms that a value may have, the one that it nearly has tells the problem. */
function unionFindings(issue: z.core.$ZodIssueInvalidUnion, root: unknown): Finding[] {
  const { path } = issue;
  const given = valueAt(root, path);
  const attempts = issue.errors.map((issues) =>
    issues.map((one) => ({ ...one, path: [...path, ...one.path] })),
  );
  // Of a fixed value, too, the type may be right.
  const isOtherType = (one: Issue): boolean =>
    one.path.length === path.length &&
    (one.code === "invalid_type" || (one.code === "invalid_value" && typeof given !== "string"));
  const near = attempts.filter((issues) => !issues.some(isOtherType));
  if (near.length === 0) {
    const fix =
      typeof given === "number" && keysAt(path).includes("address")
        ? `write "${path.includes("backends") ? "127.0.0.1" : "0.0.0.0"}:${given}"`
        : null;
    const wanted = wantedAt(attempts);
    return [{ path, message: `expected ${wanted}, found ${typeName(given)}`, why: null, fix }];
  }
  const forms = tableFormsAt(path);
  const hasShape = (issues: readonly Issue[]): boolean =>
    issues.every((one) => one.code !== "unrecognized_keys" && valueAt(root, one.path) !== undefined);
  if (forms.length > 1 && typeof given === "object" && !near.some(hasShape)) {
    const unknown = Object.keys(given ?? {}).filter((key) => !keysAt(path).includes(key));
    if (unknown.length > 0) return unknown.map((key) => unknownKey(path, key));
    return [
      { path, message: `this table has exactly one key: ${forms.flat().join(", ")}`, why: null, fix: null },
    ];
  }
  const best = near.find(hasShape) ?? near[0] ?? [];
  return best.flatMap((one) => findingsOf(one, root));
}

/** The types of the forms, each once. */
function wantedAt(attempts: readonly (readonly Issue[])[]): string {
  const names = attempts.flatMap((issues) =>
    issues.map((one) =>
      one.code === "invalid_type" ? (TYPE_NAMES[one.expected] ?? one.expected) : "a string",
    ),
  );
  return [...new Set(names)].join(" or ");
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): Finding {
  const { path } = issue;
  if (issue.origin !== "array") {
    const message =
      issue.code === "too_small"
        ? `the number is below ${issue.minimum}`
        : `the number is above ${issue.maximum}`;
    return { path, message, why: null, fix: null };
  }
  if (issue.code === "too_small") return { path, message: "the list is empty", why: null, fix: null };
  return {
    path,
    message: `the list has more than ${issue.maximum} entries`,
    why: null,
    fix: null,
    tooMany: true,
  };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a whole number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a table",
  record: "a table",
};

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  if (typeof value === "string") return "a string";
  return typeof value === "boolean" ? String(value) : "a number";
}

const DURATIONS: readonly unknown[] = [
  "retry_after",
  "delay",
  "timeout",
  "fail_timeout",
  "connect_timeout",
  "read_timeout",
  "send_timeout",
  "interval",
];

function quoteFix(path: readonly PropertyKey[], expected: string, given: unknown): string | null {
  if (expected === "string" && typeof given === "number") {
    if (path.at(-1) === "metrics") return `write "127.0.0.1:${given}"`;
    return DURATIONS.includes(path.at(-1))
      ? `write "${given}s" for seconds`
      : `put it into quotes: "${given}"`;
  }
  if (expected === "array" && typeof given === "string") return `put it into brackets: ["${given}"]`;
  if (expected === "boolean" && (given === "true" || given === "false"))
    return `take the quotes off: ${given}`;
  if (expected === "number" && typeof given === "string" && /^\d+$/.test(given))
    return `take the quotes off: ${given}`;
  return null;
}

function quote(value: unknown): string {
  return `"${String(value)}"`;
}

import TOML from "@iarna/toml";
import { resolve, dirname } from "node:path";
import type { z } from "zod";
import type { Diagnostic } from "../base/diagnostics.js";
import { FenceError } from "../base/errors.js";
import { suggest } from "../base/suggest.js";
import { buildSpec } from "./build.js";
import { crossCheck, type Finding } from "./cross-check.js";
import { keysAt } from "./known-keys.js";
import { Positions, type Place } from "./positions.js";
import { specSchema, type RawSpec } from "./schema.js";
import type { Spec } from "./types.js";

/** Reads a page named in the spec. @throws Error with a sentence when it cannot be used. */
export type ReadPage = (absolutePath: string) => string;

/**
 * TOML text → Spec. Every problem is found at once.
 * @param file absolute path of the spec; relative paths in it start from its folder
 * @throws FenceError spec-invalid with one diagnostic a problem, in the order of the text
 */
export function parseSpec(text: string, file: string, readPage: ReadPage): Spec {
  const lines = text.split(/\r?\n/);
  const parsed = parseToml(text);
  if ("problem" in parsed) throw invalid(file, [diagnose(file, lines, parsed.place, parsed.problem)]);

  const positions = new Positions(text);
  const placeOf = (finding: Finding): Place => (finding.atKey ? positions.key(finding.path) : positions.value(finding.path));
  const refuse = (findings: readonly Finding[]): never => {
    throw invalid(file, findings.map((finding) => diagnose(file, lines, placeOf(finding), finding)));
  };

  const checked = specSchema.safeParse(parsed.value);
  const shape = checked.success ? [] : checked.error.issues.flatMap((issue) => findingsOf(issue, parsed.value));
  // Values across tables are checked even when some are wrong: a person mends them all in one go.
  const across = crossCheck(checked.success ? checked.data : (parsed.value as RawSpec), file);
  const { pages, findings } = checked.success ? readPages(checked.data, file, readPage) : { pages: new Map<string, string>(), findings: [] };
  const all = [...shape, ...across, ...findings];
  if (all.length > 0 || !checked.success) return refuse(all);
  return buildSpec(checked.data, { file, text, pages });
}

function parseToml(text: string): { value: unknown } | { place: Place; problem: { message: string } } {
  try {
    return { value: TOML.parse(text) };
  } catch (error) {
    const { line = 0, col = 0, message } = error as { line?: number; col?: number; message: string };
    const [sentence = message] = message.split(/ at row \d+| at end of/);
    const what = sentence.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
    return { place: { line: line + 1, column: Math.max(1, col), endColumn: Math.max(2, col + 1) }, problem: { message: `TOML syntax: ${what}` } };
  }
}

function readPages(raw: RawSpec, file: string, readPage: ReadPage): { pages: Map<string, string>; findings: Finding[] } {
  const pages = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [name, site] of Object.entries(raw.site)) {
    const page = site.maintenance?.page;
    if (page === undefined) continue;
    const path = resolve(dirname(file), page);
    try {
      pages.set(name, readPage(path));
    } catch (error) {
      findings.push({ path: ["site", name, "maintenance", "page"], message: `the page ${path} cannot be used: ${(error as Error).message}`, why: "it becomes part of what the server answers, so fence must have it before a switch", fix: null });
    }
  }
  return { pages, findings };
}

/** One schema issue in the words of a person who writes TOML. */
function findingsOf(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const { path } = issue;
  const given = valueAt(root, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        const near = suggest(key, keysAt(path));
        const fix = near === null ? `known keys here: ${keysAt(path).join(", ")}` : `did you mean \`${near}\`?`;
        return { path: [...path, key], atKey: true, message: `unknown key \`${key}\``, why: null, fix };
      });
    case "invalid_type":
      if (given === undefined) return [{ path, atKey: true, message: `\`${String(path.at(-1))}\` is missing`, why: null, fix: null }];
      return [{ path, message: `expected ${TOML_TYPES[issue.expected] ?? issue.expected}, found ${typeName(given)}`, why: null, fix: quoted(issue.expected, given) }];
    case "invalid_value": {
      const values = issue.values.map((value) => `"${String(value)}"`);
      const near = typeof given === "string" ? suggest(given, issue.values.map(String)) : null;
      if (given === undefined) return [{ path, atKey: true, message: `\`${String(path.at(-1))}\` is missing`, why: null, fix: `one of ${values.join(", ")}` }];
      return [{ path, message: `${typeof given === "string" ? `"${given}"` : typeName(given)} is not one of ${values.join(", ")}`, why: null, fix: near === null ? null : `did you mean "${near}"?` }];
    }
    case "invalid_union":
      return unionFinding(issue, root);
    case "too_small":
    case "too_big":
      return [{ path, message: bound(issue), why: null, fix: null }];
    case "custom": {
      const { why, fix, atKey } = (issue.params ?? {}) as { why?: string; fix?: string; atKey?: boolean };
      return [{ path, message: issue.message, why: why ?? null, fix: fix ?? null, atKey: atKey ?? false }];
    }
    default:
      return [{ path, message: issue.message, why: null, fix: null }];
  }
}

/** Of the forms that a value may have, the one that it nearly has tells the problem. */
function unionFinding(issue: z.core.$ZodIssueInvalidUnion, root: unknown): Finding[] {
  const given = valueAt(root, issue.path);
  const attempts = issue.errors.map((issues) => issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as z.core.$ZodIssue));
  const near = attempts.filter((issues) => !issues.some((inner) => inner.code === "invalid_type" && inner.path.length === issue.path.length));
  const score = (issues: readonly z.core.$ZodIssue[]): number => issues.length + issues.filter((one) => one.code === "unrecognized_keys").length;
  const [best] = [...near].sort((a, b) => score(a) - score(b));
  if (best !== undefined) return best.flatMap((inner) => findingsOf(inner, root));
  return [{ path: issue.path, message: `found ${typeName(given)} where a string or a table belongs`, why: null, fix: null }];
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isList = issue.origin === "array";
  if (issue.code === "too_small") return isList ? "the list is empty" : `the number is below ${issue.minimum}`;
  return isList ? `the list has more than ${issue.maximum} entries` : `the number is above ${issue.maximum}`;
}

const TOML_TYPES: Readonly<Record<string, string>> = { string: "a string", number: "a number", int: "a whole number", boolean: "true or false", array: "a list", object: "a table", record: "a table" };

function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  if (typeof value === "string") return "a string";
  return typeof value === "boolean" ? "true or false" : "a number";
}

function quoted(expected: string, given: unknown): string | null {
  if (expected === "string" && (typeof given === "number" || typeof given === "boolean")) return `put it into quotes: "${given}"`;
  if (expected === "array" && typeof given === "string") return `put it into brackets: ["${given}"]`;
  return null;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined), root);
}

function diagnose(file: string, lines: readonly string[], place: Place, problem: { message: string; why?: string | null; fix?: string | null }): Diagnostic {
  const source = lines[place.line - 1] ?? "";
  const endColumn = Math.max(place.column + 1, Math.min(place.endColumn, source.length + 1));
  return { file, line: place.line, column: place.column, endColumn, source, message: problem.message, why: problem.why ?? null, fix: problem.fix ?? null };
}

function invalid(file: string, diagnostics: readonly Diagnostic[]): FenceError {
  const sorted = [...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
  const count = sorted.length === 1 ? "1 error" : `${sorted.length} errors`;
  return new FenceError("spec-invalid", `${file} has ${count}`, { diagnostics: sorted });
}

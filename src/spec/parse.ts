import { createHash } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { Diagnostic } from "../base/diagnostics.js";
import { FenceError } from "../base/errors.js";
import type { PageFiles } from "./build-page.js";
import { buildSpec } from "./build.js";
import { crossCheck, type Finding } from "./cross-check.js";
import { findingsOf } from "./findings.js";
import { checkKeys } from "./key-check.js";
import { LIMITS } from "./limits.js";
import { Positions, type Place } from "./positions.js";
import { specSchema, type RawSpec } from "./schema.js";
import { readToml } from "./syntax.js";
import type { Spec } from "./types.js";

/** Reads a page named in the spec, or a logo, as a data: URL. @throws Error with a sentence when it cannot be used. */
export type ReadPage = (absolutePath: string, what: "page" | "logo") => string;

/** A message may repeat a key or a value of the spec, which can be long. */
const MESSAGE_CHARS_MAX = 400;

/**
 * TOML text → Spec. Every problem is found at once.
 * @param file absolute path of the spec; relative paths in it start from its folder
 * @param sha256 of the bytes that the text was read from; without it, of the text
 * @throws FenceError spec-invalid with one diagnostic a problem, in the order of the text
 */
export function parseSpec(text: string, file: string, readPage: ReadPage, sha256 = sha256Of(text)): Spec {
  const lines = text.split(/\r?\n/);
  const toml = readToml(text);
  if ("problem" in toml) throw invalid(file, [diagnose(file, lines, toml.place, toml.problem)]);

  const checked = specSchema.safeParse(toml.value);
  const shape = checked.success ? [] : checked.error.issues.flatMap((issue) => findingsOf(issue, toml.value));
  const findings = [...checkKeys(toml.value), ...shape];
  // Values across tables are checked even when some are wrong, so that a person mends them all in one go.
  if (!findings.some((finding) => finding.tooMany))
    findings.push(...crossCheck(toml.value as Partial<RawSpec>, file));
  const pages = new Map<string, PageFiles>();
  if (checked.success) findings.push(...readPages(checked.data, file, readPage, pages));
  if (findings.length === 0 && checked.success) return buildSpec(checked.data, { file, sha256, pages });

  const positions = new Positions(toml.tree);
  throw invalid(
    file,
    findings.map((finding) => diagnose(file, lines, placeOf(finding, positions, lines), finding)),
  );
}

/** SHA-256 in hex. */
export function sha256Of(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function readPages(raw: RawSpec, file: string, read: ReadPage, pages: Map<string, PageFiles>): Finding[] {
  return Object.entries(raw.site).flatMap(([name, { maintenance = {} }]): Finding[] => {
    const findings: Finding[] = [];
    const take = (
      key: readonly string[],
      named: string | undefined,
      what: "page" | "logo",
    ): string | null => {
      if (named === undefined) return null;
      const path = resolve(dirname(file), named);
      try {
        return read(path, what);
      } catch (error) {
        const message = `the ${what} ${path} cannot be used: ${(error as Error).message}`;
        const why = "it becomes part of what the server answers, so fence must have it before a switch";
        findings.push({ path: ["site", name, "maintenance", ...key], message, why, fix: null });
        return null;
      }
    };
    const { page, logo } = maintenance;
    const text = take(["page"], page, "page");
    const image =
      typeof logo === "string" ? take(["logo"], logo, "logo") : take(["logo", "file"], logo?.file, "logo");
    pages.set(name, {
      page: text === null ? null : { file: resolve(dirname(file), page ?? ""), text },
      logo: image,
    });
    return findings;
  });
}

/** The place of a finding; of a part of a string, when the string is written as it reads. */
function placeOf(finding: Finding, positions: Positions, lines: readonly string[]): Place {
  const { path, atKey = false, at } = finding;
  const place = atKey ? positions.key(path) : positions.value(path);
  if (at === undefined) return place;
  const marked = (lines[place.line - 1] ?? "").slice(place.column - 1, place.endColumn - 1);
  const isPlain = /^'[^']*'$|^"[^"\\]*"$/.test(marked) && at.offset + at.length <= marked.length - 2;
  if (!isPlain) return place;
  const column = place.column + 1 + at.offset;
  return { line: place.line, column, endColumn: column + at.length };
}

function diagnose(
  file: string,
  lines: readonly string[],
  place: Place,
  problem: { message: string; why?: string | null; fix?: string | null },
): Diagnostic {
  const { line, column } = place;
  const source = lines[line - 1] ?? "";
  const endColumn = Math.max(column + 1, Math.min(place.endColumn, source.length + 1));
  const why = problem.why ?? null;
  const fix = problem.fix ?? null;
  return {
    file,
    line,
    column,
    endColumn,
    source,
    message: shorten(problem.message),
    why,
    fix: fix && shorten(fix),
  };
}

function shorten(text: string): string {
  return text.length > MESSAGE_CHARS_MAX ? `${text.slice(0, MESSAGE_CHARS_MAX)}…` : text;
}

function invalid(file: string, diagnostics: readonly Diagnostic[]): FenceError {
  const sorted = [...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
  const count = sorted.length === 1 ? "1 error" : `${sorted.length} errors`;
  const more =
    sorted.length > LIMITS.diagnosticsMax ? `, of which the first ${LIMITS.diagnosticsMax} are told` : "";
  return new FenceError("spec-invalid", `${file} has ${count}${more}`, {
    diagnostics: sorted.slice(0, LIMITS.diagnosticsMax),
  });
}

import { relative } from "node:path";
import type { Diagnostic } from "../base/diagnostics.js";
import { printable, type Output } from "./output.js";

/**
 * One problem of the spec for a person:
 *
 *     fence.toml:12:9: error: no upstream is named "ap"
 *       12 | upstream = "ap"
 *          |            ^^^^
 *       fix: did you mean "app"?
 */
export function diagnosticText(diagnostic: Diagnostic, output: Output): string {
  const { line, column, endColumn, message, why, fix } = diagnostic;
  const place = `${shortPath(diagnostic.file)}:${line}:${column}:`;
  const lines = [`${output.paint("bold", place)} ${output.paint("red", "error:")} ${printable(message)}`];
  if (diagnostic.source.trim() !== "")
    lines.push(...excerpt(diagnostic.source, line, column, endColumn, output));
  if (why !== null) lines.push(`  why: ${printable(why)}`);
  if (fix !== null) lines.push(`  ${output.paint("green", "fix:")} ${printable(fix)}`);
  return `${lines.join("\n")}\n`;
}

function excerpt(source: string, line: number, column: number, endColumn: number, output: Output): string[] {
  const number = String(line);
  const gutter = " ".repeat(number.length);
  // A tab stays a tab below the text, so that the mark stands where the terminal shows the column.
  const indent = source.slice(0, column - 1).replace(/[^\t]/g, " ");
  const mark = "^".repeat(Math.max(1, Math.min(endColumn, source.length + 1) - column));
  const shown = source.replace(/\t/g, "\u0000").split("\u0000").map(printable).join("\t");
  return [`  ${number} | ${shown}`, `  ${gutter} | ${indent}${output.paint("red", mark)}`];
}

function shortPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}

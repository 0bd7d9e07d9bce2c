import { printable } from "./printable.js";

/** One problem of a text file, at its place. Lines and columns count from 1, columns in UTF-16 units. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  /** Exclusive end of the marked part on the same line; equal to `column + 1` when only a point is known. */
  endColumn: number;
  /** The text of that line, without its line end. */
  source: string;
  /** What is wrong, one sentence without a full stop. */
  message: string;
  /** Why fence refuses it; null when the message says it all. */
  why: string | null;
  /** How to mend it; null when there is no one way. */
  fix: string | null;
}

export interface DiagnosticFormat {
  /** Puts text in a style; absent: plain text. */
  paint?: (style: "bold" | "red" | "green", text: string) => string;
  /** The name of a file as the reader knows it; absent: as it is. */
  nameOf?: (file: string) => string;
}

/** Terminal columns of a source line that are shown; a longer one is cut around its mark. */
const SOURCE_COLUMNS_MAX = 160;
/** Enough for them on each side of the mark, however many characters of no width are between. */
const NEAR_CHARACTERS = 4 * SOURCE_COLUMNS_MAX;
const TAB = "    ";

/** Every diagnostic, one after the other, an empty line between them; ends with a line end unless there is none. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], format: DiagnosticFormat = {}): string {
  return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, format)).join("\n");
}

/**
 * One problem for a person, ends with a line end:
 *
 *     fence.toml:12:12: error: no upstream is named "ap"
 *       12 | upstream = "ap"
 *          |            ^^^^
 *       fix: did you mean "app"?
 */
export function formatDiagnostic(diagnostic: Diagnostic, format: DiagnosticFormat = {}): string {
  const { line, column, message, why, fix } = diagnostic;
  const paint = format.paint ?? ((_style, text) => text);
  const place = `${printable(format.nameOf?.(diagnostic.file) ?? diagnostic.file)}:${line}:${column}:`;
  const lines = [`${paint("bold", place)} ${paint("red", "error:")} ${printable(message)}`];
  if (diagnostic.source.trim() !== "") {
    const { text, indent, mark } = excerpt(diagnostic);
    lines.push(`  ${line} | ${text}`);
    lines.push(
      `  ${" ".repeat(String(line).length)} | ${" ".repeat(indent)}${paint("red", "^".repeat(mark))}`,
    );
  }
  if (why !== null) lines.push(`  why: ${printable(why)}`);
  if (fix !== null) lines.push(`  ${paint("green", "fix:")} ${printable(fix)}`);
  return `${lines.join("\n")}\n`;
}

/** One character of the source as the terminal shows it. */
interface Cell {
  text: string;
  columns: number;
  /** UTF-16 offset in the source. */
  offset: number;
}

/** The shown part of the source line; where the mark begins and how long it is, in terminal columns. */
function excerpt({ source, column, endColumn }: Diagnostic): { text: string; indent: number; mark: number } {
  // A line of a megabyte is not taken apart for the few characters around its mark.
  const from = Math.max(0, column - 1 - NEAR_CHARACTERS);
  const cells = cellsOf(source.slice(from, column - 1 + NEAR_CHARACTERS).trimEnd(), from);
  const isBefore = (cell: Cell): boolean => cell.offset < column - 1;
  const isMarked = (cell: Cell): boolean => !isBefore(cell) && cell.offset < endColumn - 1;
  const shown =
    columnsOf(cells) <= SOURCE_COLUMNS_MAX ? cells : cutAround(cells, cells.filter(isBefore).length);
  return {
    text: shown.map((cell) => cell.text).join(""),
    indent: columnsOf(shown.filter(isBefore)),
    mark: Math.max(1, columnsOf(shown.filter(isMarked))),
  };
}

/** A third of the room before the mark, the rest from the mark on; an ellipsis stands for what is left out. */
function cutAround(cells: readonly Cell[], markIndex: number): Cell[] {
  let from = markIndex;
  for (let room = SOURCE_COLUMNS_MAX / 3; from > 0 && room > 0; from -= 1)
    room -= cells[from - 1]?.columns ?? 0;
  let to = from;
  for (let room = SOURCE_COLUMNS_MAX; to < cells.length && room > 0; to += 1) room -= cells[to]?.columns ?? 0;
  // The ellipses take the place of the first and the last character, and so keep on their side of the mark.
  const shown = cells.slice(from, to);
  const dots = (cell: Cell): Cell => ({ text: "…", columns: 1, offset: cell.offset });
  return shown.map((cell, index) => {
    const isCut = (index === 0 && from > 0) || (index === shown.length - 1 && to < cells.length);
    return isCut ? dots(cell) : cell;
  });
}

function cellsOf(source: string, from: number): Cell[] {
  let offset = from;
  return Array.from(source, (character) => {
    const text = character === "\t" ? TAB : printable(character);
    const cell = { text, columns: text.length > 2 ? text.length : columnsOfCharacter(character), offset };
    offset += character.length;
    return cell;
  });
}

function columnsOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.columns, 0);
}

/** Most terminals give East Asian wide characters and emoji two columns, and marks that join the one before none. */
function columnsOfCharacter(character: string): number {
  if (/^[\p{Mn}\p{Me}\u200b-\u200f\ufe0f]$/u.test(character)) return 0;
  return /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u.test(
    character,
  )
    ? 2
    : 1;
}

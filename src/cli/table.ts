import type { Style } from "./colour.js";
import type { Output } from "./output.js";

/** A cell of a table: text, and perhaps a style for it. */
export type Cell = string | { text: string; style: Style };

/** Lines of columns padded to their widest cell; the last column stays as it is. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  output: Output,
): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => textOf(row[column]).length)),
  );
  const line = (cells: readonly Cell[]): string =>
    cells
      .map((cell, column) => {
        const text = textOf(cell);
        const padding = column === cells.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - text.length);
        return (typeof cell === "string" ? text : output.paint(cell.style, text)) + padding;
      })
      .join("  ")
      .trimEnd();
  return [line(head.map((text) => ({ text, style: "dim" }))), ...rows.map(line)];
}

function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  return typeof cell === "string" ? cell : cell.text;
}

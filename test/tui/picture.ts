const CELL = { width: 8.4, height: 19 };
const MARGIN = 14;
const COLUMNS = 80;

/** Select Graphic Rendition, as far as the screens use it. */
const CLASSES: Readonly<Record<string, string>> = {
  "1": "bold",
  "2": "dim",
  "31": "red",
  "32": "green",
  "33": "yellow",
  "36": "cyan",
};
const STYLE = `
  rect { fill: #0d1117; }
  text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: #e6edf3; white-space: pre; }
  .bold { font-weight: 700; }
  .dim { fill: #9198a1; }
  .red { fill: #ff7b72; }
  .green { fill: #3fb950; }
  .yellow { fill: #e3b341; }
  .cyan { fill: #76e3ea; }
`;

/** A frame with its colours as a picture. */
export function pictureOf(frame: string): string {
  const lines = frame.split("\n");
  const width = Math.round(COLUMNS * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>fence tui: the list of sites</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="100%" height="100%" rx="8"/>`,
    ...lines.flatMap((line, row) => runsOf(line, MARGIN + row * CELL.height + 14)),
    `</svg>\n`,
  ].join("\n");
}

/** A piece of text for each style, at its column: no font moves what follows it. */
function runsOf(line: string, y: number): string[] {
  const runs: string[] = [];
  let column = 0;
  let style: string | null = null;
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    const code = /^\u001b\[(\d+)m$/.exec(part)?.[1];
    if (code !== undefined) style = CLASSES[code] ?? null;
    else {
      for (const { 0: word, index } of part.matchAll(/\S+(?: \S+)*/g))
        runs.push(
          `<text x="${(MARGIN + (column + index) * CELL.width).toFixed(1)}" y="${y}" textLength="${(word.length * CELL.width).toFixed(1)}"` +
            `${style === null ? "" : ` class="${style}"`}>${escaped(word)}</text>`,
        );
      column += part.length;
    }
  }
  return runs;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

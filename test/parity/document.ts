import type { WebServerKind } from "../../src/spec/types.js";
import { LIMITS, type LimitName } from "./limits.js";
import { TOPICS } from "./topics.js";

/** as-expected, a documented limit, or what `fence check` says. */
export type Cell = "as-expected" | { limit: LimitName } | { refused: string };

export const KINDS: readonly WebServerKind[] = ["lighttpd", "nginx-lua", "nginx", "proxy"];

/** The key of one cell. */
export function cellKey(topic: string, name: string, kind: WebServerKind): string {
  return `${topic}\n${name}\n${kind}`;
}

/** docs/parity.md. */
export function documentOf(cells: ReadonlyMap<string, Cell>): string {
  const limits = Object.keys(LIMITS).filter((name) =>
    [...cells.values()].some((cell) => typeof cell === "object" && "limit" in cell && cell.limit === name),
  );
  const refusals: string[] = [];
  const mark = (cell: Cell | undefined): string => {
    if (cell === undefined) throw new Error("a cell was left out");
    if (cell === "as-expected") return "✓";
    if ("limit" in cell) return `L${limits.indexOf(cell.limit) + 1}`;
    if (!refusals.includes(cell.refused)) refusals.push(cell.refused);
    return `R${refusals.indexOf(cell.refused) + 1}`;
  };
  const tables = TOPICS.map(({ title, cases }) => {
    const rows = cases.map(({ name }) =>
      [name, ...KINDS.map((kind) => mark(cells.get(cellKey(title, name, kind))))].map((text) =>
        text.replaceAll("|", "\\|"),
      ),
    );
    return `## ${title}\n\n${table([["", ...KINDS], ...rows])}`;
  });
  const count = TOPICS.reduce((sum, { cases }) => sum + cases.length, 0);
  return `# One behaviour

${count} requests, each sent to every kind of server, started on what fence wrote for one and the same spec. This page is
made by \`UPDATE=1 node --test build/test/parity/parity.test.js\`, and that test fails when a server answers otherwise than
it says.

The requests of the last table are sent while their sites are held, all of them at once, and judged after one release.

✓ as the row says · L: otherwise, as the limit says · R: \`fence check\` refuses what the row needs

${tables.join("\n")}
## Limits

${limits.map((name, index) => `- **L${index + 1}** ${LIMITS[name as LimitName]}`).join("\n")}

## Refused

${refusals.map((sentence, index) => `- **R${index + 1}** ${sentence}`).join("\n")}
`;
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const [first = [], ...rest] = rows;
  return (
    line(first) + `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |\n` + rest.map(line).join("")
  );
}

import { Box } from "ink";
import type { Line, Span } from "../lines/line.js";
import { countText, forText, modeSpan, proofSpan, rateText, untilText } from "../lines/words.js";
import { sparkline } from "../rates.js";
import { shownSites, type State } from "../state.js";
import type { SiteLook } from "../types.js";
import { StyledLine } from "./styled-line.js";

interface Column {
  title: string;
  /** With the space behind it; null: what is left over. */
  width: number | null;
  /** Terminals narrower than this do without. */
  from: number;
  cell: (site: SiteLook, state: State, nowMs: number) => Span;
}

const NAME_WIDTH_MAX = 32;
const SPARK_WIDTH = 8;

const COLUMNS: readonly Column[] = [
  {
    title: "  SITE",
    width: null,
    from: 0,
    cell: ({ name }, { selected }) => ({
      text: `${name === selected ? "> " : "  "}${name}`,
      ...(name === selected ? { style: "bold" } : {}),
    }),
  },
  { title: "MODE", width: 8, from: 0, cell: ({ mode }, { face }) => modeSpan(mode, face.unicode) },
  { title: "FOR", width: 9, from: 38, cell: (site, _state, nowMs) => ({ text: forText(site, nowMs) }) },
  { title: "UNTIL", width: 11, from: 70, cell: (site, _state, nowMs) => ({ text: untilText(site, nowMs) }) },
  {
    title: "IN-FL",
    width: 6,
    from: 50,
    cell: ({ inflight }, { face }) => ({ text: countText(inflight, face.unicode) }),
  },
  {
    title: "HELD",
    width: 6,
    from: 50,
    cell: ({ held }) => ({ text: held === null ? "n/a" : String(held.count) }),
  },
  { title: "REQ/S", width: 15, from: 78, cell: rateCell },
  { title: "PROOF", width: 7, from: 0, cell: (site, { face }) => proofSpan(site, face.unicode) },
];

function rateCell({ name }: SiteLook, { rates, face }: State): Span {
  const perSec = rates[name]?.perSec ?? [];
  const text = rateText(perSec.at(-1) ?? null);
  return { text: `${text.padEnd(5)} ${sparkline(perSec, SPARK_WIDTH, face.unicode)}` };
}

/** The sites, as many as there is room for around the selected one. */
export function SitesTable({ state, rows }: { state: State; rows: number }) {
  const columns = COLUMNS.filter(({ from }) => state.columns >= from);
  const sites = shownSites(state);
  const nowMs = state.look?.atMs ?? 0;
  const room = Math.max(1, rows - 1);
  const at = sites.findIndex(({ name }) => name === state.selected);
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), sites.length - room));
  const nameWidth = Math.min(NAME_WIDTH_MAX, Math.max(12, ...sites.map(({ name }) => name.length + 4)));
  const row = (cells: readonly Line[]) => (
    <Box height={1}>
      {columns.map(({ title, width }, index) => (
        <Box key={title} width={width ?? nameWidth} flexShrink={width === null ? 1 : 0} paddingRight={1}>
          <StyledLine line={cells[index] ?? []} />
        </Box>
      ))}
    </Box>
  );
  return (
    <Box flexDirection="column" height={rows} overflow="hidden">
      {row(columns.map(({ title }) => [{ text: title, style: "dim" }]))}
      {sites.slice(first, first + room).map((site) => (
        <Box key={site.name}>{row(columns.map(({ cell }) => [cell(site, state, nowMs)]))}</Box>
      ))}
    </Box>
  );
}

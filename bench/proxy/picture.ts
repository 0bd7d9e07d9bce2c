import type { Case } from "./cases.js";
import type { Report } from "./report.js";

/** One bar: its text, its length and the spread around it. */
export interface Bar {
  label: string;
  value: number;
  min: number;
  max: number;
  /** Drawn in the colour of fence. */
  isOwn: boolean;
}

export interface Panel {
  title: string;
  bars: readonly Bar[];
}

const WIDTH = 760;
const LABEL_WIDTH = 230;
const VALUE_WIDTH = 60;
const ROW_HEIGHT = 22;
const BAR_HEIGHT = 12;
const TITLE_HEIGHT = 34;
const FOOT_HEIGHT = 26;

/** Colours that can be read on white as on black; the page behind it is the reader's. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .own { fill: #2f81f7; }
  .other { fill: #8b949e; }
  .spread, .base { stroke: #57606a; stroke-width: 1; }
  .base { stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .spread, .base { stroke: #adbac7; }
  }
`;

/** Two panels: fence in every case, and every server at the first case. */
export function panelsOf({ results, base }: Report, cases: readonly Case[]): Panel[] {
  const barsOf = (pick: (name: string, peer: string) => string | null): Bar[] =>
    cases.flatMap(({ name }) =>
      results.flatMap(({ case: at, peer, cpu }) => {
        const label = at === name && cpu !== null ? pick(name, peer) : null;
        if (label === null || cpu === null) return [];
        const { median, min, max } = cpu;
        return [{ label, value: median, min, max, isOwn: peer === "fence" }];
      }),
    );
  const titles = new Map(cases.map(({ name, title }) => [name, title]));
  const [first] = cases;
  const own = barsOf((name, peer) => (peer === "fence" ? (titles.get(name) ?? name) : null));
  const all = barsOf((name, peer) => (name === first?.name ? peer : null));
  const panels = [{ title: `fence: CPU per request against ${base} (longer is better)`, bars: own }];
  if (all.length > 2)
    panels.push({
      title: `${first?.title ?? ""}: all servers`,
      bars: all.sort((a, b) => b.value - a.value),
    });
  return panels;
}

/** An SVG picture of the panels, one below the other; the dashed line is 1. */
export function pictureOf(panels: readonly Panel[]): string {
  const most = Math.max(1.2, ...panels.flatMap(({ bars }) => bars.map(({ max }) => max)));
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const scale = (value: number): number => LABEL_WIDTH + (value / most) * room;
  const parts: string[] = [];
  let top = 0;
  for (const { title, bars } of panels) {
    parts.push(`<text class="title" x="0" y="${top + 20}">${escaped(title)}</text>`);
    top += TITLE_HEIGHT;
    const bottom = top + bars.length * ROW_HEIGHT;
    parts.push(...bars.flatMap((bar, row) => barText(bar, top + row * ROW_HEIGHT, scale)));
    const one = fixed(scale(1));
    parts.push(`<line class="base" x1="${one}" x2="${one}" y1="${top - 4}" y2="${bottom}"/>`);
    top = bottom + FOOT_HEIGHT;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img">`,
    `<title>${escaped(panels[0]?.title ?? "")}</title>`,
    `<style>${STYLE}</style>`,
    ...parts,
    `</svg>`,
    ``,
  ].join("\n");
}

function barText(bar: Bar, top: number, scale: (value: number) => number): string[] {
  const middle = top + ROW_HEIGHT / 2;
  const barTop = middle - BAR_HEIGHT / 2;
  const length = fixed(scale(bar.value) - LABEL_WIDTH);
  const kind = bar.isOwn ? "own" : "other";
  return [
    `<text x="${LABEL_WIDTH - 10}" y="${middle + 4}" text-anchor="end">${escaped(bar.label)}</text>`,
    `<rect class="${kind}" x="${LABEL_WIDTH}" y="${barTop}" width="${length}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<line class="spread" x1="${fixed(scale(bar.min))}" x2="${fixed(scale(bar.max))}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${fixed(scale(bar.max) + 8)}" y="${middle + 4}">${bar.value.toFixed(2)}</text>`,
  ];
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

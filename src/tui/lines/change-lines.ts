import type { StepEvent } from "../../apply/types.js";
import { printable } from "../../base/printable.js";
import { secondsText } from "../../base/time-text.js";
import type { ChangeLook } from "../state.js";
import { plain, styled, type Line, type Style } from "./line.js";

const SIGNS: Readonly<Record<StepEvent["phase"], { unicode: string; ascii: string; style: Style }>> = {
  start: { unicode: "▸", ascii: ">", style: "cyan" },
  progress: { unicode: "▸", ascii: ">", style: "cyan" },
  ok: { unicode: "✓", ascii: "+", style: "green" },
  failed: { unicode: "✗", ascii: "x", style: "red" },
  skipped: { unicode: "–", ascii: "-", style: "dim" },
};

/** Said of one site or server on the way of a step that has ended. */
const PASSED = { unicode: "·", ascii: ".", style: "dim" } as const;

/** The steps of a change, each as it was told last. */
export function changeLines({ command, steps, outcome }: ChangeLook, unicode: boolean): Line[] {
  const ended = new Set(steps.filter((one) => one.site === null && !isUnderWay(one)).map(({ step }) => step));
  const lineOf = (event: StepEvent): Line =>
    stepLine(
      event,
      isUnderWay(event) && (outcome !== null || ended.has(event.step)) ? PASSED : SIGNS[event.phase],
      unicode,
    );
  return [styled("dim", command), ...steps.map(lineOf)];
}

function isUnderWay({ phase }: StepEvent): boolean {
  return phase === "start" || phase === "progress";
}

function stepLine(
  { step, site, server, text, elapsedMs }: StepEvent,
  { style, ...signs }: (typeof SIGNS)[StepEvent["phase"]],
  unicode: boolean,
): Line {
  const where = [site, server === null ? null : `on ${server}`].filter((part) => part !== null).join(" ");
  return [
    { text: unicode ? signs.unicode : signs.ascii, style },
    { text: ` ${step.padEnd(8)}`, style: "bold" },
    { text: `${secondsText(elapsedMs).padStart(7)}  `, style: "dim" },
    { text: `${where === "" ? "" : `${where}: `}${printable(text)}` },
  ];
}

/** What came of it; while it runs, that it does. */
export function outcomeLines({ outcome }: ChangeLook): Line[] {
  if (outcome === null) return [plain("It runs; Ctrl-C stops in a stated mode.")];
  const { exit, lines } = outcome;
  const code: Line = styled(exit === 0 ? "green" : "red", `exit code ${exit}`);
  return [...lines.map((line) => plain(line)), code];
}

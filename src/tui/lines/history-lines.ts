import { secondsText, timeText } from "../../base/time-text.js";
import type { PastChange } from "../types.js";
import { plain, type Line } from "./line.js";

/** The newest first, where the eye is. */
export function historyLines(history: readonly PastChange[]): Line[] {
  return history.length === 0 ? [plain("nothing has been changed yet")] : history.map(lineOf);
}

function lineOf({ at, site, from, to, result, tookMs, by, why }: PastChange): Line {
  const isDone = result === "done" || result === "already";
  return [
    { text: `${timeText(at)}  `, style: "dim" },
    { text: site, style: "bold" },
    { text: ` ${from} > ${to}  ` },
    { text: result, style: isDone ? "green" : "yellow" },
    { text: `  ${secondsText(tookMs)}  ${by}${why === "" ? "" : `: ${why}`}` },
  ];
}

import { timeText } from "../../base/time-text.js";
import { selectedSite, shownSites, type State } from "../state.js";
import type { SiteLook } from "../types.js";
import { outcomeLines } from "./change-lines.js";
import { footerText, noticeText } from "./footer.js";
import { textOf } from "./line.js";
import { answerLine, questionLines } from "./question-lines.js";
import { screenLines } from "./screen-lines.js";

/**
 * The screen as sentences, for a reader that speaks: no table, and nothing that changes by itself with every look.
 */
export function plainLines(state: State): string[] {
  const { screen, question, change, isFiltering } = state;
  const lines =
    question !== null
      ? [...questionLines(state, question), answerLine(question)].map(textOf)
      : screen === "sites"
        ? siteSentences(state)
        : screenLines(state, true).map(textOf);
  const outcome = screen === "change" && change !== null ? outcomeLines(change).map(textOf) : [];
  const notice = noticeText(state);
  const footer = question !== null || isFiltering || screen !== "sites" ? `Keys: ${footerText(state)}` : "";
  return [...lines, ...outcome, ...(notice === null ? [] : [notice]), footer].filter(
    (line) => line.trim() !== "",
  );
}

function siteSentences(state: State): string[] {
  if (state.look === null) return ["Looking."];
  const selected = selectedSite(state);
  return [
    `Keys: ${footerText(state)}`,
    ...shownSites(state).map(siteSentence),
    selected === null ? "No site." : `Selected: ${selected.name}, ${selected.mode}.`,
  ];
}

function siteSentence({ name, mode, sinceMs, untilMs, isPast, reason, servers }: SiteLook): string {
  const proven = servers.filter(({ isVerified }) => isVerified).length;
  const end =
    mode === "up" || untilMs === null ? "" : isPast ? ", past its end" : ` until ${timeText(untilMs)}`;
  return (
    `Site ${name}: ${mode}${sinceMs === null ? "" : ` since ${timeText(sinceMs)}`}${end}, ` +
    `proven on ${proven} of ${servers.length} servers${mode === "up" || reason === "" ? "" : `; ${reason}`}.`
  );
}

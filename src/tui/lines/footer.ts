import { hasEnd } from "../actions.js";
import { isChanging, type State } from "../state.js";

/** The keys that matter here; the line is cut where the terminal ends, so the first ones matter most. */
export function footerText(state: State): string {
  const { question, isFiltering, filter, screen, face, look } = state;
  if (isFiltering) return `/${filter}_  enter keeps it  esc drops it`;
  if (question !== null && question.writing !== null) return "enter takes it  esc drops it";
  if (question !== null) {
    const end = hasEnd(question.action) ? ["e end"] : [];
    return ["tab choose", "enter answer", "esc no", "w why", ...end, "y copy the command"].join("  ");
  }
  if (look === null) return "q quit";
  const actions = face.isReadOnly ? [] : ["d down", "u up", "h hold", "r release"];
  const change = isChanging(state) && screen !== "change" ? ["c the change"] : [];
  switch (screen) {
    case "sites":
      return [...change, "? help", "q quit", ...actions, "enter site", "/ filter", "t history"].join("  ");
    case "site":
      return [...change, "esc back", "? help", ...actions, "j k scroll", "q quit"].join("  ");
    case "change":
      return ["esc back", "y copy the command", "k scroll back", "? help", "q quit"].join("  ");
    case "history":
    case "help":
      return ["esc back", "j k scroll", "q quit"].join("  ");
  }
}

/** What is to be known wherever one looks; null: nothing. */
export function noticeText({ notice, lookProblem, look }: State): string | null {
  return notice ?? (lookProblem === null ? null : `no look: ${lookProblem}`) ?? look?.unfinished ?? null;
}

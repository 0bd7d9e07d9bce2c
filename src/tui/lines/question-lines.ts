import { commandLineOf, effectOf, questionOf } from "../actions.js";
import type { Question, State } from "../state.js";
import { plain, styled, type Line } from "./line.js";
import { countText, heldText } from "./words.js";

/** What a change would do, and the command line that does the same; what is written, where it is seen in any terminal. */
export function questionLines({ look, face }: State, question: Question): Line[] {
  const { action, site } = question;
  const seen = look?.sites.find(({ name }) => name === site);
  return [
    styled("bold", questionOf(action, site).question),
    ...writingLines(question),
    ...(seen === undefined
      ? []
      : [
          plain(effectOf(action, seen)),
          plain(`Now in flight: ${countText(seen.inflight, face.unicode)}; held: ${heldText(seen.held)}.`),
        ]),
    styled("cyan", commandLineOf(face.specFile, question)),
  ];
}

/** What is being written, with where it goes on. */
function writingLines(question: Question): Line[] {
  const { writing, action } = question;
  if (writing === null) return [];
  const what =
    writing === "reason"
      ? "Why"
      : action === "hold"
        ? "Ends by itself after"
        : "Expected back in (90s, 20m, 1h30m)";
  return [styled("bold", `${what}: ${question[writing]}_`)];
}

/** The two answers; the one that Enter gives is marked. */
export function answerLine({ action, site, isYes }: Question): Line {
  const choice = (text: string, isChosen: boolean): Line => [
    { text: isChosen ? `[${text}]` : ` ${text} `, ...(isChosen ? { style: "bold" } : {}) },
    { text: "  " },
  ];
  return [...choice("No", !isYes), ...choice(questionOf(action, site).yes, isYes)];
}

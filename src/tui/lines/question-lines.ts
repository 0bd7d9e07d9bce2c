import { commandLineOf, effectOf, questionOf } from "../actions.js";
import type { Question, State } from "../state.js";
import { plain, styled, type Line } from "./line.js";
import { countText, heldText } from "./words.js";

/** What a change would do, and the command line that does the same. */
export function questionLines({ look, face }: State, { action, site }: Question): Line[] {
  const seen = look?.sites.find(({ name }) => name === site);
  return [
    styled("bold", questionOf(action, site).question),
    ...(seen === undefined
      ? []
      : [
          plain(effectOf(action, seen)),
          plain(`Now in flight: ${countText(seen.inflight, face.unicode)}; held: ${heldText(seen.held)}.`),
        ]),
    styled("cyan", commandLineOf(face.specFile, action, site)),
  ];
}

/** The two answers; the one that Enter gives is marked. */
export function answerLine({ action, site, isYes }: Question): Line {
  const choice = (text: string, isChosen: boolean): Line => [
    { text: isChosen ? `[${text}]` : ` ${text} `, ...(isChosen ? { style: "bold" } : {}) },
    { text: "  " },
  ];
  return [...choice("No", !isYes), ...choice(questionOf(action, site).yes, isYes)];
}

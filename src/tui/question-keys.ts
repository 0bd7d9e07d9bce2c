import { parseDuration } from "../base/duration.js";
import { commandLineOf, hasEnd } from "./actions.js";
import type { Reaction } from "./reduce.js";
import { called, copied, does, nothingElse } from "./reactions.js";
import type { Question, State } from "./state.js";
import type { Key } from "./types.js";

/** More is no longer a sentence, and would not be seen while it is typed. */
const TEXT_CHARS_MAX = 200;

/** What a key does while a question is asked. */
export function answered(state: State, question: Question, key: Key): Reaction {
  if (question.writing !== null) return nothingElse(written(state, question, question.writing, key));
  const name = "name" in key ? key.name : null;
  const text = "text" in key ? key.text : null;
  const { action, site, reason, end, isYes } = question;
  const command = commandLineOf(state.face.specFile, question);
  if (text === "y") return copied(state, command);
  if (text === "w") return nothingElse(asking(state, { ...question, writing: "reason" }));
  if (text === "e" && hasEnd(action)) return nothingElse(asking(state, { ...question, writing: "end" }));
  if (name === "left" || name === "right" || name === "tab")
    return nothingElse(asking(state, { ...question, isYes: !isYes }));
  if (name === "escape" || text === "q" || (name === "enter" && !isYes))
    return nothingElse({ ...state, question: null, notice: "nothing was changed" });
  if (name !== "enter") return nothingElse(state);
  const agreed = { action, site, reason, end, command };
  const change = { ...agreed, steps: [], outcome: null };
  return does({ ...called({ ...state, question: null }, "change"), change }, { kind: "change", ...agreed });
}

function asking(state: State, question: Question): State {
  return { ...state, question };
}

/** Keys are text until Enter, which takes it, or Escape, which drops it. */
function written(state: State, question: Question, field: "reason" | "end", key: Key): State {
  const now = question[field];
  if ("text" in key) {
    const more = now + key.text;
    return [...more].length > TEXT_CHARS_MAX ? state : asking(state, { ...question, [field]: more });
  }
  switch (key.name) {
    case "backspace":
      return asking(state, { ...question, [field]: [...now].slice(0, -1).join("") });
    case "escape":
      return asking(state, { ...question, [field]: "", writing: null });
    case "enter": {
      const text = now.trim();
      if (field === "end" && text !== "" && !parseDuration(text))
        return { ...state, notice: "write it with its unit: 90s, 20m, 1h30m" };
      return asking(state, { ...question, [field]: text, writing: null });
    }
    default:
      return state;
  }
}

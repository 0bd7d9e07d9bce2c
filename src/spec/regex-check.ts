import { LIMITS } from "./limits.js";
import type { Problem } from "./value-checks.js";

const WHY = "servers read it with different engines, and it must mean the same in each";
const FIX =
  "use literals, ., [classes], (?:groups), |, *, +, ?, {m,n}, ^, $, \\d, \\w, \\s and escaped punctuation";
/** PCRE takes up to 65535; every repeat is compiled as a copy. */
const REPEAT_MAX = 1000;
const PUNCTUATION = "\\^$.*+?()[]{}|/";

/** The part of PCRE that means the same everywhere: no look-around, references, lazy or possessive repeats. */
export function checkRegex(value: string): Problem | null {
  if (value.length > LIMITS.regexCharsMax) {
    return { message: `the regex is longer than ${LIMITS.regexCharsMax} characters` };
  }
  for (let at = 0; at < value.length;) {
    const step = read(value, at);
    if ("odd" in step) {
      const { odd, from = at, length = 1, fix = FIX } = step;
      return { message: `the regex holds ${odd}`, why: WHY, fix, at: { offset: from, length } };
    }
    at += step.length;
  }
  try {
    new RegExp(value, "u");
    return null;
  } catch (error) {
    return {
      message: `the regex is wrong: ${lowerFirst((error as Error).message.replace(/^.*\/u: /s, ""))}`,
    };
  }
}

type Step = { length: number } | { odd: string; from?: number; length?: number; fix?: string };

/** One element of the regex at an offset: its length, or what is odd about it. */
function read(value: string, at: number): Step {
  const character = value.charAt(at);
  if (!/[\x20-\x7e]/.test(character)) return { odd: "a character outside ASCII" };
  if (character === "\\") return readEscape(value, at, PUNCTUATION);
  if (character === "[") return readClass(value, at);
  if (character === "(") {
    return value.startsWith("(?:", at)
      ? { length: 3 }
      : { odd: "a capturing or special group", fix: "write (?:…)" };
  }
  if (character === "]" || character === "}")
    return { odd: `a lone ${character}`, fix: `write \\${character}` };
  if ("*+?{".includes(character)) return readRepeat(value, at);
  return { length: 1 };
}

function readEscape(value: string, at: number, punctuation: string): Step {
  const escaped = value.charAt(at + 1);
  if (escaped === "") return { odd: "a backslash at its end", fix: "write \\\\ for a backslash" };
  if ("dws".includes(escaped) || punctuation.includes(escaped)) return { length: 2 };
  return { odd: `the escape \\${escaped}`, length: 2 };
}

function readRepeat(value: string, at: number): Step {
  const match = /^(?:[*+?]|\{(\d{1,9})(?:,(\d{0,9}))?\})/.exec(value.slice(at, at + 24));
  if (match === null)
    return { odd: "a { that begins no repeat", fix: "write \\{ for the character, {m,n} for a repeat" };
  const [text, least = "0", most = ""] = match;
  if (Math.max(Number(least), Number(most)) > REPEAT_MAX) {
    return {
      odd: `a repeat of more than ${REPEAT_MAX}`,
      length: text.length,
      fix: `write ${REPEAT_MAX} or less`,
    };
  }
  const next = value.charAt(at + text.length);
  if (next !== "" && "*+?{".includes(next))
    return { odd: "a lazy, possessive or double repeat", length: text.length + 1 };
  return { length: text.length };
}

function readClass(value: string, at: number): Step {
  let end = at + (value.startsWith("[^", at) ? 2 : 1);
  // PCRE takes a ] in the first place as a member, JavaScript as the end.
  if (value.charAt(end) === "]")
    return { odd: "a class that begins with ]", length: end - at + 1, fix: "write \\] for the character" };
  while (end < value.length && value.charAt(end) !== "]") {
    if (!/[\x20-\x7e]/.test(value.charAt(end))) return { odd: "a character outside ASCII", from: end };
    if (/^\[[:.=]/.test(value.slice(end, end + 2))) return { odd: "a named class", from: end, length: 2 };
    const step: Step = value.charAt(end) === "\\" ? readEscape(value, end, `${PUNCTUATION}-`) : { length: 1 };
    if ("odd" in step) return { ...step, from: end };
    end += step.length;
  }
  return end < value.length
    ? { length: end - at + 1 }
    : { odd: "a class without an end", fix: "close it with ]" };
}

function lowerFirst(text: string): string {
  return text.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}

import TOML from "@iarna/toml";
import { parseTOML, ParseError, type AST } from "toml-eslint-parser";
import type { Problem } from "./value-checks.js";
import type { Place } from "./positions.js";

/** Shorter than 2^53 in every notation but binary; the parser of values takes those above 2^63 modulo 2^64. */
const INTEGER_CHARS_MAX = 12;

/**
 * TOML text to its values (by one parser) and to its syntax tree (by another, which knows the places); a text that
 * either does not take is refused. Values never come from the tree: its own reader would follow `__proto__`.
 */
export function readToml(
  text: string,
): { value: unknown; tree: AST.TOMLProgram } | { place: Place; problem: Problem } {
  let tree: AST.TOMLProgram;
  try {
    tree = parseTOML(text, { tomlVersion: "1.0" });
  } catch (error) {
    if (error instanceof ParseError) return refusal(text, error.lineNumber, error.column + 1, error.message);
    // The parser calls itself for each level, and spreads the characters of a string.
    return refusal(text, 1, 1, "tables or lists are nested too deeply, or a string is too long");
  }
  const wide = tree.tokens.find(
    (token) => token.type === "Integer" && token.value.length > INTEGER_CHARS_MAX,
  );
  if (wide) return refusal(text, wide.loc.start.line, wide.loc.start.column + 1, "the number is too long");
  try {
    return { value: TOML.parse(text), tree };
  } catch (error) {
    const { line = 0, col = 1, message } = error as { line?: number; col?: number; message: string };
    const [sentence = message] = message.split(/ at row \d+/);
    return refusal(text, line + 1, Math.max(1, col), sentence);
  }
}

function refusal(
  text: string,
  line: number,
  column: number,
  message: string,
): { place: Place; problem: Problem } {
  const source = text.split(/\r?\n/)[line - 1] ?? "";
  const word = bareWord(source);
  if (word !== null && column >= word.column - 1 && WORD_MESSAGES.has(message)) {
    const { text: value } = word;
    return {
      place: { line, column: word.column, endColumn: word.column + value.length },
      problem: { message: `\`${value}\` is not a TOML value`, fix: `put it into quotes: "${value}"` },
    };
  }
  const { message: said, fix } = MESSAGES[message] ?? { message: lowerFirst(message) };
  return {
    place: { line, column, endColumn: column + 1 },
    problem: { message: `TOML syntax: ${said}`, ...(fix === undefined ? {} : { fix }) },
  };
}

/** What the parser says of a word without quotes, depending on the word. */
const WORD_MESSAGES: ReadonlySet<string> = new Set([
  "Unexpected character",
  "Must be a newline",
  "Leading zeros are not allowed",
  "Invalid boolean, expected true or false",
]);

/** The parser's words where a person who does not write parsers would not follow them. */
const MESSAGES: Readonly<Record<string, { message: string; fix?: string }>> = {
  "Must be a newline": { message: "something follows the value", fix: "begin a new line" },
  "Unterminated string constant": {
    message: "the string has no end",
    fix: "close it with the quote it begins with",
  },
  "Unterminated array": { message: "the list has no end", fix: "close it with ]" },
  "Unterminated inline-table": {
    message: "the inline table has no end",
    fix: "close it with } on the same line",
  },
  "Unterminated table-key": { message: "the table header has no end", fix: "close it with ]" },
  "Defining a key multiple times is invalid": {
    message: "this is here for the second time",
    fix: "remove one",
  },
  "Expected equal (=) token": { message: "there is no = after the key" },
  "Expected comma (,) token": { message: "there is no comma between two values" },
  "Unspecified values are invalid": { message: "there is no value after =" },
  "Trailing comma is not permitted in an inline table": {
    message: "a comma comes before }",
    fix: "remove it",
  },
  "Invalid character in escape sequence": {
    message: "the backslash begins no known escape",
    fix: "double it, or use 'single quotes', in which it means itself",
  },
};

/** `key = word`: the word, when it is all that follows. */
function bareWord(source: string): { text: string; column: number } | null {
  const match = /^[^=#"']*=\s*(?=([^\s"'[\]{},=#][^\s"'[\]{},=#]*)\s*(?:#.*)?$)/.exec(source);
  const word = match?.[1];
  return match === null || word === undefined ? null : { text: word, column: match[0].length + 1 };
}

function lowerFirst(text: string): string {
  return text.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}

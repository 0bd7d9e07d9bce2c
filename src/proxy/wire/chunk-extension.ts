import { CR, SP, TAB, TOKEN, VALUE } from "./bytes.js";

/** Where a chunk line stands after its size: RFC 9112 section 7.1.1. */
export type ExtensionState =
  /** white space before a semicolon or equals sign, where nothing else may follow */
  | "before-semicolon"
  | "before-name"
  | "in-name"
  | "after-name"
  | "before-value"
  | "in-token"
  | "in-quotes"
  | "after-backslash"
  | "after-value";

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One byte of an extension. @returns the next state, "end" for the CR of its line, null when it is malformed */
export function extensionStep(state: ExtensionState, byte: number): ExtensionState | "end" | null {
  const space = byte === SP || byte === TAB;
  const token = TOKEN[byte] !== 0;
  switch (state) {
    case "before-semicolon":
      return space ? state : byte === SEMICOLON ? "before-name" : null;
    case "before-name":
      return space ? state : token ? "in-name" : null;
    case "in-name":
      if (token) return state;
      if (byte === CR) return "end";
      return afterName(space, byte);
    case "after-name":
      return afterName(space, byte);
    case "before-value":
      if (space) return state;
      if (byte === QUOTE) return "in-quotes";
      return token ? "in-token" : null;
    case "in-token":
      return token ? state : afterValue(space, byte);
    case "after-value":
      return afterValue(space, byte);
    case "in-quotes":
      if (byte === QUOTE) return "after-value";
      if (byte === BACKSLASH) return "after-backslash";
      return VALUE[byte] === 1 ? state : null;
    case "after-backslash":
      return VALUE[byte] === 1 ? "in-quotes" : null;
  }
}

function afterName(space: boolean, byte: number): ExtensionState | null {
  if (space) return "after-name";
  if (byte === EQUALS) return "before-value";
  return byte === SEMICOLON ? "before-name" : null;
}

function afterValue(space: boolean, byte: number): ExtensionState | "end" | null {
  if (byte === CR) return "end";
  if (space) return "before-semicolon";
  return byte === SEMICOLON ? "before-name" : null;
}

import { EncodeError } from "./adapter.js";

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * A quoted string of lighttpd.conf. Its lexer knows one escape, `\"`; a backslash before anything else stands for
 * itself, so JSON quoting would change the value, and one at the end would swallow the closing quote.
 */
export function lighty(value: string): string {
  refuseUnprintable(value);
  if (value.endsWith("\\")) throw new EncodeError("a string of lighttpd.conf cannot end with a backslash");
  return `"${value.replaceAll('"', '\\"')}"`;
}

/** Literal text inside a quoted regular expression of lighttpd.conf (`=~ "…"`), without the quotes. */
export function lightyRegex(value: string): string {
  refuseUnprintable(value);
  return value.replace(/[!-/:-@[-`{-~]/g, (character) => {
    // As numbers: the lexer must not see a quote, nor a backslash before one.
    if (character === "\\") return "\\x5c";
    if (character === '"') return "\\x22";
    return /[-/_~,:;<=>@!&%'`]/.test(character) ? character : `\\${character}`;
  });
}

function refuseUnprintable(value: string): void {
  if (CONTROL.test(value)) throw new EncodeError("lighttpd.conf cannot carry control characters");
  if (/\p{Surrogate}/u.test(value)) throw new EncodeError("half of a surrogate pair is not text");
}

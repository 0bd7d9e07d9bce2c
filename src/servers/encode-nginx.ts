import { EncodeError } from "./adapter.js";

/** nginx refuses a token that does not fit into its read buffer with "too long parameter". */
const TOKEN_BYTES_MAX = 4096;
/** What a template may put around an encoded value inside the same token. */
const TOKEN_BYTES_SPARE = 96;

/**
 * A quoted string for a directive that expands variables (`set`, `return`, `add_header`, `alias`, map values, `-f`).
 * A `$` cannot be escaped there: it is written as the variable `$fence_dollar`, which gate.http.conf defines.
 * @throws EncodeError for control characters, half surrogates, and what exceeds one token.
 */
export function ngx(value: string): string {
  return whole(`"${expandable(value)}"`);
}

/**
 * The same inside a quoted token, in front of something else; the template writes the quotes.
 * @throws EncodeError as `ngx`.
 */
function ngxText(value: string): string {
  return whole(expandable(value));
}

/**
 * A quoted string for a directive that expands no variables (`listen`, `pid`, `include`, `server`, header names).
 * @throws EncodeError as `ngx`.
 */
export function ngxPlain(value: string): string {
  return whole(`"${quoteInner(checked(value))}"`);
}

/**
 * Text that stands for itself inside a regular expression inside a quoted token; the template writes the quotes.
 * Every ASCII character that is no letter or digit becomes `\xHH`, so that no regex syntax is left in it.
 * @throws EncodeError as `ngx`.
 */
export function ngxRegex(value: string): string {
  const escape = (character: string) => `\\\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return whole(checked(value).replace(/[\x20-\x7e]/g, (c) => (/[A-Za-z0-9]/.test(c) ? c : escape(c))));
}

/**
 * A regular expression of the spec inside a quoted token; the template writes the quotes. The expression is kept as it is.
 * @throws EncodeError as `ngx`.
 */
export function ngxPattern(value: string): string {
  return whole(quoteInner(checked(value)));
}

function expandable(value: string): string {
  return quoteInner(checked(value)).replaceAll("$", "${fence_dollar}");
}

function quoteInner(value: string): string {
  return value.replace(/[\\"]/g, "\\$&");
}

function checked(value: string): string {
  // The parser would turn \t \r \n escapes into the bytes, but no directive that fence writes can carry them.
  if (/[\x00-\x1f\x7f]/.test(value))
    throw new EncodeError("a control character cannot stand in an nginx config");
  if (/\p{Surrogate}/u.test(value)) throw new EncodeError("half of a surrogate pair is not text");
  return value;
}

function whole(encoded: string): string {
  const bytes = Buffer.byteLength(encoded);
  if (bytes > TOKEN_BYTES_MAX - TOKEN_BYTES_SPARE) {
    throw new EncodeError(`${bytes} bytes do not fit into one nginx token of ${TOKEN_BYTES_MAX} bytes`);
  }
  return encoded;
}

/** As helpers of the templates. */
export const nginxEncoders = { ngx, ngxText, ngxPattern, ngxPlain, ngxRegex };

/** Classes of bytes as 256-entry tables, and the few comparisons a scan needs. */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SP = 32;
export const COLON = 58;

function table(...classes: readonly (readonly [flag: number, members: string])[]): Uint8Array {
  const flags = new Uint8Array(256);
  for (const [flag, members] of classes)
    for (const member of members) {
      const code = member.charCodeAt(0);
      flags[code] = (flags[code] as number) | flag;
    }
  return flags;
}

function range(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

const ALPHA_NUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** token of RFC 9110 section 5.6.2: 1; the underscore carries 2 besides, since CGI takes it for a hyphen. */
export const TOKEN = table([1, `!#$%&'*+-.^_\`|~${ALPHA_NUM}`], [2, "_"]);

/** field-content of RFC 9110 section 5.5: HTAB, SP, visible ASCII and obs-text. */
export const VALUE = table([1, `\t${range(0x20, 0x7e)}${range(0x80, 0xff)}`]);

/** What a request target may hold: visible ASCII without `"<>#`, as browsers send it. 2 = `%`, 4 = `?`, 8 = backslash. */
export const TARGET = table([1, range(0x21, 0x7e).replace(/["<>#]/g, "")], [2, "%"], [4, "?"], [8, "\\"]);

/** A host name: 1; an upper-case letter carries 2 besides. */
export const HOST_NAME = table([1, `.-_~${ALPHA_NUM}`], [2, range(0x41, 0x5a)]);

function allOf(text: string, members: Uint8Array): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 255 || members[code] === 0) return false;
  }
  return true;
}

/** Is this one token? */
export function isToken(text: string): boolean {
  return text !== "" && allOf(text, TOKEN);
}

/** May this stand as a field value as it is (no white space at its ends)? */
export function isFieldValue(text: string): boolean {
  return allOf(text, VALUE) && !isSpace(text.charCodeAt(0)) && !isSpace(text.charCodeAt(text.length - 1));
}

function isSpace(code: number): boolean {
  return code === SP || code === TAB;
}

/** Do these bytes spell this lower-case name, in any case? Only for names of letters, digits and hyphens. */
export function spells(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1)
    if (((bytes[start + index] as number) | 32) !== name.charCodeAt(index)) return false;
  return true;
}

/** Buffer's method needs no more than a Uint8Array. */
const latin1Slice = Object.getOwnPropertyDescriptor(Buffer.prototype, "latin1Slice")?.value as (
  this: Uint8Array,
  start: number,
  end: number,
) => string;

/** The bytes as a string of the same length, one character a byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** The value of a hexadecimal digit; -1 = it is none. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

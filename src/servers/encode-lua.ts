import { EncodeError } from "./adapter.js";

/**
 * A Lua string literal, quotes included: printable ASCII as it is, every other byte of the UTF-8 form as `\ddd`.
 * Three digits always, so that a digit may follow. The same on Lua 5.1 to 5.4 and LuaJIT.
 */
export function lua(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new EncodeError("half of a surrogate pair is not text");
  let text = "";
  for (const byte of Buffer.from(value, "utf8")) {
    text += isPlain(byte) ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
  }
  return `"${text}"`;
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
}

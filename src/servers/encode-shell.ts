import { EncodeError } from "./adapter.js";

/** One word of a POSIX shell command: single quotes, with `'` written as `'\''`. */
export function sh(value: string): string {
  if (value.includes("\0")) throw new EncodeError("a shell word cannot hold a NUL");
  return `'${value.replaceAll("'", "'\\''")}'`;
}

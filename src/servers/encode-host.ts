import { EncodeError } from "./adapter.js";

/** Encoders for the files that are the host's own rather than a web server's. */
export const hostEncoders = { logrotate, sh, tmpfiles, unit };

/** One word of a POSIX shell command: single quotes, with `'` written as `'\''`. */
function sh(value: string): string {
  if (value.includes("\0")) throw new EncodeError("a shell word cannot hold a NUL");
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** One word of a command line in a unit (systemd.service(5), "Command lines"): `%` begins a specifier, `$` a variable. */
function unit(value: string): string {
  if (/[\0-\x1f\x7f]/.test(value)) throw new EncodeError("a word of a unit cannot hold control characters");
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
}

/** One field of tmpfiles.d(5): double quotes with C escapes, `%` doubled because it begins a specifier. */
function tmpfiles(value: string): string {
  if (/[\0-\x1f\x7f]/.test(value)) throw new EncodeError("a tmpfiles.d field cannot hold control characters");
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** A file of logrotate(8), which takes it for a glob(7), and the first `{` for the end of all names, whatever quotes say. */
function logrotate(value: string): string {
  if (/[\0-\x1f\x7f"\\*?[\]{}]/.test(value))
    throw new EncodeError('logrotate cannot be told a path with one of "\\*?[]{} or a control character');
  return `"${value}"`;
}

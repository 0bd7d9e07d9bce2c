import { listenAddress } from "./address-checks.js";
import { LIMITS } from "./limits.js";
import type { Check } from "./value-checks.js";

/** While it is bound a socket has a longer name for a moment: `~` and six digits. */
const SUFFIX_BYTES = 7;

/** Where workers accept: an address of this machine with a port, or `unix:/path`. */
export const workerSocket: Check = (value) => {
  const problem = listenAddress(value);
  if (problem !== null) return { ...problem, fix: 'write "unix:/run/app/app.sock" or "127.0.0.1:9000"' };
  const max = LIMITS.socketPathBytesMax - SUFFIX_BYTES;
  return value.startsWith("unix:") && Buffer.byteLength(value.slice("unix:".length)) > max
    ? { message: `the socket path is longer than ${max} bytes` }
    : null;
};

/** Permissions of a socket as chmod(1) takes them. */
export const socketMode: Check = (value) => {
  if (!/^0?[0-7]{3}$/.test(value))
    return {
      message: `"${value}" is not a mode`,
      fix: 'write "0660" (owner and group) or "0666" (everybody)',
    };
  return null;
};

/** A user or group as the system's tools take it, never an option. */
export const accountName: Check = (value) =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/.test(value)
    ? null
    : { message: `"${value}" is not a name of a user or group` };

/** An absolute path, or a name that is looked for in the system's program folders. */
export const program: Check = (value) =>
  value === ""
    ? { message: "the command is empty" }
    : value.startsWith("/") || !value.includes("/")
      ? null
      : {
          message: `"${value}" is a relative path`,
          why: "a command that depends on where fence was started is another one each time",
          fix: "write an absolute path, or a bare name",
        };

/** A name of the environment (POSIX.1, 8.1). */
export const environmentName: Check = (value) => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return { message: `"${value}" is not a name of a variable` };
  return /^LISTEN_(?:FDS|PID|FDNAMES)$/.test(value)
    ? { message: `${value} is set by fence itself`, fix: "remove it" }
    : null;
};

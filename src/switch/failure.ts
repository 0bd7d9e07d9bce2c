import { FileError, NotDurable } from "../base/file-error.js";
import { FenceError } from "../base/errors.js";

const NOT_PERMITTED = ["EACCES", "EPERM", "EROFS"];

/** Turns a failed file operation, before anything was changed, into the error that fence ends with. */
export function stateFailure(error: unknown): unknown {
  if (error instanceof NotDurable) {
    return new FenceError("not-durable", error.message, {
      cause: error,
      hint: "Look at the kernel's log for errors of the disk.",
    });
  }
  const errno = errnoOf(error);
  if (errno === null) return error;
  const isPermission = NOT_PERMITTED.includes(errno);
  return new FenceError("state-not-writable", (error as Error).message, {
    cause: error,
    hint: HINTS[errno] ?? "Look at the folder's owner and mode, and at the kernel's log.",
    ...(isPermission ? {} : { exit: "failed" as const }),
  });
}

/** null: not a failed file operation. */
function errnoOf(error: unknown): string | null {
  if (error instanceof FileError) return error.errno;
  const { code, path } = error as NodeJS.ErrnoException;
  return error instanceof Error && typeof code === "string" && typeof path === "string" ? code : null;
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: "Run fence as the user that owns the state folder, usually root.",
  EPERM: "Run fence as the user that owns the state folder, usually root.",
  EROFS: "The file system is mounted read-only: remount it, or move state_dir.",
  ENOSPC: "The file system is full: free some space and run the same command again.",
  EDQUOT: "The quota is used up: free some space and run the same command again.",
  EMFILE: "Too many open files: raise the limit (ulimit -n).",
};

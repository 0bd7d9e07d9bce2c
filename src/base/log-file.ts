import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { FileError } from "./file-error.js";

const FLAGS =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NOCTTY |
  // No reader of a FIFO is waited for.
  constants.O_NONBLOCK;

/**
 * Opens a log to append to. Its folder may be another user's: what he has put in its place, a symlink or one more name of
 * another file, is never written to.
 * @returns a descriptor
 * @throws FileError of open(2); Error when it is no file of its own
 */
export function openLog(path: string, mode: number): number {
  let fd: number;
  try {
    fd = openSync(path, FLAGS, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") throw new Error(`${path} is a symlink: name the file itself`, { cause: error });
    if (code === "ENXIO") throw new Error(`${path} is not a file`, { cause: error });
    throw new FileError("open", path, error);
  }
  const stats = fstatSync(fd);
  const why = stats.isCharacterDevice()
    ? null
    : !stats.isFile()
      ? "is not a file"
      : stats.nlink > 1
        ? "has another name besides: remove it"
        : null;
  if (why === null) return fd;
  closeSync(fd);
  throw new Error(`${path} ${why}`);
}

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { attempt, FileError, NotDurable } from "./file-error.js";
import { exists, fsyncFolder, temporaryPath } from "./folders.js";

export interface WriteOptions {
  /** Exactly this mode, whatever the umask. */
  mode: number;
  owner?: { uid: number; gid: number };
  /**
   * Set the times of the path after the rename, for watchers that do not hear renames, and to a later second than
   * those of the file before: whoever compares inode, size and seconds never takes one for the other.
   */
  touch?: boolean;
}

/**
 * Replaces a file so that at every moment, also after a crash or a power cut, readers find the whole old or
 * the whole new content.
 * @throws FileError nothing changed; NotDurable the new content is in force but not confirmed by the disk
 */
export function writeAtomic(path: string, content: string | Uint8Array, options: WriteOptions): void {
  const temporary = temporaryPath(dirname(path));
  const touchAfterMs = options.touch === true ? mtimeMsOf(path) : null;
  try {
    writeNewFile(temporary, content, options);
    attempt("replace", path, () => renameSync(temporary, path));
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  afterRename(path, touchAfterMs);
}

/**
 * As writeAtomic, but only where nothing is yet: whoever finds the file finds all of it.
 * @throws FileError nothing changed, with EEXIST when something is there; NotDurable as in writeAtomic
 */
export function createAtomic(path: string, content: string | Uint8Array, options: WriteOptions): void {
  const temporary = temporaryPath(dirname(path));
  try {
    writeNewFile(temporary, content, options);
    attempt("create", path, () => linkSync(temporary, path));
  } finally {
    removeQuietly(temporary);
  }
  afterRename(path, null);
}

/**
 * Points a symlink elsewhere (or makes it) by rename.
 * @throws FileError nothing changed; NotDurable as in writeAtomic
 */
export function symlinkAtomic(path: string, target: string): void {
  const temporary = temporaryPath(dirname(path));
  attempt("create", temporary, () => symlinkSync(target, temporary));
  try {
    attempt("replace", path, () => renameSync(temporary, path));
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  afterRename(path, null);
}

/**
 * Moves a finished, already synced file or folder to its name.
 * @throws FileError nothing changed; NotDurable as in writeAtomic
 */
export function renameDurable(from: string, to: string): void {
  attempt("rename", from, () => renameSync(from, to));
  afterRename(to, null);
}

/** Creates a file that must not exist yet and syncs it, but not its folder. @throws FileError */
export function writeNewFile(path: string, content: string | Uint8Array, options: WriteOptions): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = attempt("create", path, () => openSync(path, flags, 0o600));
  try {
    attempt("write", path, () => writeFileSync(fd, content));
    const { owner } = options;
    if (owner !== undefined) attempt("change the owner of", path, () => fchownSync(fd, owner.uid, owner.gid));
    attempt("change the mode of", path, () => fchmodSync(fd, options.mode));
    attempt("sync", path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

/**
 * Appends one line and syncs it. A line that a crash cut short is left as it is, on a line of its own.
 * @throws FileError the line may be missing or cut short
 */
export function appendDurable(path: string, line: string, mode: number): void {
  const isNew = !exists(path);
  const flags =
    constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd = attempt("open", path, () => openSync(path, flags, mode));
  try {
    const separator = attempt("read", path, () => (endsInsideLine(fd) ? "\n" : ""));
    if (isNew) attempt("change the mode of", path, () => fchmodSync(fd, mode));
    attempt("write", path, () => writeFileSync(fd, `${separator}${line}\n`));
    attempt("sync", path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
  if (isNew) fsyncFolder(dirname(path));
}

function endsInsideLine(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}

/** Removes a file; one that is not there is fine. @throws FileError it is still there; NotDurable it may come back */
export function removeDurable(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new FileError("remove", path, error);
  }
  try {
    fsyncFolder(dirname(path));
  } catch (error) {
    throw new NotDurable(path, error);
  }
}

/** Removes each file, also when one before it could not be. @throws as removeDurable, for the first that failed */
export function removeAllDurable(paths: readonly string[]): void {
  const failures: unknown[] = [];
  for (const path of paths) {
    try {
      removeDurable(path);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function afterRename(path: string, touchAfterMs: number | null): void {
  try {
    if (touchAfterMs !== null) {
      const time = Math.max(Date.now() / 1000, Math.floor(touchAfterMs / 1000) + 1);
      utimesSync(path, time, time);
    }
    fsyncFolder(dirname(path));
  } catch (error) {
    throw new NotDurable(path, error);
  }
}

function mtimeMsOf(path: string): number {
  return attempt("look at", path, () => lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Whatever brought us here matters more; a later run removes what is left.
  }
}

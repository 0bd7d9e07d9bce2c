import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { isAlive, processInfo } from "./process-info.js";

/** A file operation failed before anything was visible to others. */
export class FileError extends Error {
  override readonly name = "FileError";
  /** errno name, e.g. `ENOSPC`. */
  readonly errno: string;

  constructor(
    readonly operation: string,
    readonly path: string,
    cause: unknown,
  ) {
    const errno = (cause as NodeJS.ErrnoException).code ?? (cause as Partial<FileError>).errno ?? "unknown";
    super(`cannot ${operation} ${path}: ${errno}`, { cause });
    this.errno = errno;
  }
}

/** The change is visible, but the disk has not confirmed it: after a power cut the old content may be back. */
export class NotDurable extends Error {
  override readonly name = "NotDurable";
  readonly errno: string;

  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    const errno = (cause as NodeJS.ErrnoException).code ?? (cause as FileError).errno;
    super(`${path} is replaced, but its folder could not be synced to the disk: ${errno}`, { cause });
    this.errno = errno;
  }
}

export interface WriteOptions {
  /** Exactly this mode, whatever the umask. */
  mode: number;
  owner?: { uid: number; gid: number };
  /** Set the times of the path after the rename, for watchers that do not hear renames. */
  touch?: boolean;
}

const TEMPORARY = /^\.fence-(\d+)-(\d+)-[0-9a-f]{12}\.tmp$/;

/** A name for a temporary file in `folder`; it tells which process made it, so that a later run can remove it. */
export function temporaryPath(folder: string): string {
  const start = processInfo(process.pid)?.start ?? "0";
  return join(folder, `.fence-${process.pid}-${start}-${randomBytes(6).toString("hex")}.tmp`);
}

/**
 * Replaces a file so that at every moment, also after a crash or a power cut, readers find the whole old or
 * the whole new content.
 * @throws FileError nothing changed; NotDurable the new content is in force but not confirmed by the disk
 */
export function writeAtomic(path: string, content: string | Uint8Array, options: WriteOptions): void {
  const temporary = temporaryPath(dirname(path));
  try {
    writeNewFile(temporary, content, options);
    attempt("replace", path, () => renameSync(temporary, path));
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  afterRename(path, options.touch === true);
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
  afterRename(path, false);
}

/**
 * Moves a finished, already synced file or folder to its name.
 * @throws FileError nothing changed; NotDurable as in writeAtomic
 */
export function renameDurable(from: string, to: string): void {
  attempt("rename", from, () => renameSync(from, to));
  afterRename(to, false);
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
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
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

/** Confirms creations, renames and removals in a folder. @throws FileError */
export function fsyncFolder(path: string): void {
  const fd = attempt("open", path, () => openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    attempt("sync", path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

/** Makes a folder and its missing parents, each with exactly this mode, and syncs what it made. @throws FileError */
export function makeFolders(path: string, mode: number): void {
  if (exists(path)) return;
  const parent = dirname(path);
  makeFolders(parent, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new FileError("create", path, error);
  }
  attempt("change the mode of", path, () => chmodSync(path, mode));
  fsyncFolder(parent);
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

/**
 * Removes temporary files and folders in one folder whose makers have ended.
 * @returns the paths removed; a folder that is not there has none
 */
export function removeLeftovers(folder: string): string[] {
  const removed: string[] = [];
  for (const name of namesIn(folder)) {
    const match = TEMPORARY.exec(name);
    if (match === null || isAlive(Number(match[1]), match[2] ?? "")) continue;
    const path = join(folder, name);
    attempt("remove", path, () => rmSync(path, { recursive: true, force: true }));
    removed.push(path);
  }
  return removed;
}

/** The names in a folder, sorted; none when it is not there. @throws FileError */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new FileError("list", folder, error);
  }
}

/** Whether anything is there, a dangling symlink included. */
export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function afterRename(path: string, touch: boolean): void {
  try {
    if (touch) {
      const now = Date.now() / 1000;
      utimesSync(path, now, now);
    }
    fsyncFolder(dirname(path));
  } catch (error) {
    throw new NotDurable(path, error);
  }
}

function attempt<T>(operation: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(operation, path, error);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The error that brought us here matters more; a later run removes what is left.
  }
}

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { attempt, FileError } from "./file-error.js";
import { isAlive, processInfo } from "./process-info.js";

const TEMPORARY = /^\.fence-(\d+)-(\d+)-[0-9a-f]{12}\.tmp$/;

/** A name for a temporary file in `folder`; it tells which process made it, so that a later run can remove it. */
export function temporaryPath(folder: string): string {
  const start = processInfo(process.pid)?.start ?? "0";
  return join(folder, `.fence-${process.pid}-${start}-${randomBytes(6).toString("hex")}.tmp`);
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

/** Makes a folder that must not exist yet, with exactly this mode; its parent is not synced. @throws FileError */
export function makeNewFolder(path: string, mode: number): void {
  attempt("create", path, () => {
    mkdirSync(path, mode);
    chmodSync(path, mode);
  });
}

/**
 * Makes a folder with exactly this mode, and its missing parents, and syncs what it made.
 * @param parentMode of those; a folder that is closed may be in one that others need
 * @throws FileError
 */
export function makeFolders(path: string, mode: number, parentMode = mode): void {
  if (exists(path)) return;
  const parent = dirname(path);
  makeFolders(parent, parentMode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new FileError("create", path, error);
  }
  attempt("change the mode of", path, () => chmodSync(path, mode));
  fsyncFolder(parent);
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

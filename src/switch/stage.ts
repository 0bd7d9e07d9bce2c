import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { renameDurable, writeAtomic, writeNewFile } from "../base/durable.js";
import { FileError, NotDurable } from "../base/file-error.js";
import { fsyncFolder, makeFolders, makeNewFolder, removeLeftovers, temporaryPath } from "../base/folders.js";
import type { SwitchPoint } from "../servers/adapter.js";
import {
  generationPath,
  generationsOf,
  readOnDisk,
  stampOf,
  sumsOf,
  SUMS_FILE,
  VARIANT_FILE,
} from "./on-disk.js";
import { FILE_MODE, FOLDER_MODE } from "./paths.js";

/** Besides the active one and the one an unfinished change may go back to. */
const GENERATIONS_KEPT = 3;

export interface StagedFile {
  name: string;
  content: string;
}

/**
 * Writes one generation of a variant beside the others and syncs it; nothing is in force yet. The number must be
 * new: a generation is written once and then never changed.
 * @throws FileError; Error when the files do not carry their mode and generation (a wrong adapter)
 */
export function stage(point: SwitchPoint, generation: number, files: readonly StagedFile[]): void {
  const stamped =
    point.form === "folder" ? files.find((file) => file.name === VARIANT_FILE) : onlyFile(point, files);
  if (stampOf(stamped?.content ?? "")?.generation !== generation) {
    throw new Error(
      `the variant of ${point.kind} does not carry "variant=… generation=${generation}" in its first line`,
    );
  }
  makeFolders(dirname(point.active), FOLDER_MODE);
  const path = generationPath(point, generation);
  try {
    if (point.form === "folder") stageFolder(path, files);
    else writeAtomic(path, onlyFile(point, files).content, { mode: FILE_MODE });
  } catch (error) {
    // Nobody reads it yet: not confirmed by the disk is as good as not written.
    throw error instanceof NotDurable ? new FileError("sync", path, error) : error;
  }
}

function onlyFile(point: SwitchPoint, files: readonly StagedFile[]): StagedFile {
  const [file] = files;
  if (file === undefined || files.length !== 1)
    throw new Error(`a variant of ${point.kind} is one file, not ${files.length}`);
  return file;
}

function stageFolder(path: string, files: readonly StagedFile[]): void {
  const temporary = temporaryPath(dirname(path));
  try {
    makeNewFolder(temporary, FOLDER_MODE);
    for (const file of [...files, { name: SUMS_FILE, content: sumsOf(files) }]) {
      writeNewFile(join(temporary, file.name), file.content, { mode: FILE_MODE });
    }
    fsyncFolder(temporary);
    renameDurable(temporary, path);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Removes a staged generation that never was in force. @throws FileError */
export function unstage(point: SwitchPoint, generation: number): void {
  const path = generationPath(point, generation);
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw new FileError("remove", path, error);
  }
}

/** Removes old generations: the newest few and the active one stay. @throws FileError */
export function prune(point: SwitchPoint, keep: readonly number[]): void {
  const all = generationsOf(point);
  const kept = new Set([...all.slice(-GENERATIONS_KEPT), ...keep]);
  const active = readOnDisk(point).generation;
  // When it cannot be told what is in force, nothing counts as old.
  if (active === null) return;
  for (const generation of all)
    if (generation !== active && !kept.has(generation)) unstage(point, generation);
}

/** Removes what crashed runs left in the folders of one switch point. @throws FileError */
export function removePointLeftovers(point: SwitchPoint): string[] {
  return removeLeftovers(dirname(point.active));
}

import {
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  rmdirSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { renameDurable, symlinkAtomic, writeNewFile } from "../base/durable.js";
import { attempt, FileError, NotDurable } from "../base/file-error.js";
import {
  fsyncFolder,
  makeFolders,
  makeNewFolder,
  namesIn,
  removeLeftovers,
  temporaryPath,
} from "../base/folders.js";
import { FenceError } from "../base/errors.js";
import type { RenderedTree } from "../plan/types.js";
import { MANIFEST_FILE, manifestOf, manifestText, parseManifest, type Manifest } from "./manifest.js";

/** A rendered tree as it lies on the disk. */
export interface TreeOnDisk {
  /** null: there is a folder, but fence did not write it. */
  manifest: Manifest | null;
  /** Everything but the manifest, sorted by path. */
  files: readonly FileOnDisk[];
}

export interface FileOnDisk {
  path: string;
  content: string;
  executable: boolean;
}

const FOLDER_MODE = 0o755;
const NOT_THERE = ["ENOENT", "ENOTDIR", "EISDIR"];
const NOT_PERMITTED = ["EACCES", "EPERM", "EROFS"];

/**
 * Writes a tree into a folder of its own beside the output and points the output there by rename: whoever reads the
 * output finds the whole old or the whole new tree. The tree before stays; older ones of fence are removed.
 * @returns the folder that the output now points to, and whether anything was written
 * @throws FenceError output-not-ours, output-not-writable, not-durable
 */
export function writeTree(
  outputDir: string,
  tree: RenderedTree,
  specSha256: string,
  fenceVersion: string,
): { folder: string; written: boolean } {
  const manifest = manifestText(manifestOf(tree, specSha256, fenceVersion));
  try {
    const previous = currentTarget(outputDir);
    // Also where nothing is to be written: the change that was cut short may be gone from the spec.
    removeLeftovers(dirname(outputDir));
    if (previous !== null && isWhole(previous, tree, manifest)) {
      return { folder: previous, written: false };
    }
    makeFolders(dirname(outputDir), FOLDER_MODE);
    const folder = writeFolder(outputDir, tree, manifest);
    const kept = previous ?? setAside(outputDir);
    symlinkAtomic(outputDir, basename(folder));
    removeOlder(outputDir, folder, kept);
    return { folder, written: true };
  } catch (error) {
    throw outputFailure(error);
  }
}

/** Before anything of a foreign folder is read, shown or asked for. @throws FenceError output-not-ours, output-not-writable */
export function refuseForeign(outputDir: string): void {
  try {
    currentTarget(outputDir);
  } catch (error) {
    throw outputFailure(error);
  }
}

/** What lies at the output; null when nothing does. @throws FenceError output-not-writable when it cannot be read */
export function readTree(outputDir: string): TreeOnDisk | null {
  if (lstatOf(outputDir) === null) return null;
  try {
    const files: FileOnDisk[] = [];
    let manifest: Manifest | null = null;
    for (const path of filesBelow(outputDir, "")) {
      const content = readFileSync(join(outputDir, path), "utf8");
      if (path === MANIFEST_FILE) manifest = parseManifest(content);
      else files.push({ path, content, executable: (lstatSync(join(outputDir, path)).mode & 0o100) !== 0 });
    }
    return { manifest, files };
  } catch (error) {
    throw new FenceError("output-not-writable", `cannot read ${outputDir}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The folder that the output stands for; null when there is none yet, or a real folder. @throws FenceError output-not-ours */
function currentTarget(outputDir: string): string | null {
  const stats = lstatOf(outputDir);
  if (stats === null) return null;
  if (stats.isSymbolicLink()) {
    const target = readlinkSync(outputDir);
    const folder = join(dirname(outputDir), target);
    if (lstatOf(folder) === null || isOurs(outputDir, target)) return folder;
    throw notOurs(outputDir, `is a symlink to ${target}, which fence did not write`);
  }
  if (!stats.isDirectory()) throw notOurs(outputDir, "is not a folder");
  const isEmpty = readdirSync(outputDir).length === 0;
  if (!isEmpty && manifestIn(outputDir) === null)
    throw notOurs(outputDir, "holds files that fence did not write");
  return null;
}

/** Makes room where a real folder, empty or ours (a copy of the tree it once pointed to), takes the place of the symlink. */
function setAside(outputDir: string): string | null {
  const stats = lstatOf(outputDir);
  if (stats === null) return null;
  const manifest = manifestIn(outputDir);
  if (manifest === null) {
    rmdirSync(outputDir);
    return null;
  }
  const folder = freeName(outputDir, manifest.digest);
  renameSync(outputDir, folder);
  return folder;
}

function writeFolder(outputDir: string, tree: RenderedTree, manifest: string): string {
  const temporary = temporaryPath(dirname(outputDir));
  try {
    makeNewFolder(temporary, FOLDER_MODE);
    const folders = new Set([temporary]);
    for (const file of [...tree.files, { path: MANIFEST_FILE, content: manifest, executable: false }]) {
      const path = join(temporary, file.path);
      for (const folder of parentsBelow(temporary, path)) {
        if (!folders.has(folder)) makeNewFolder(folder, FOLDER_MODE);
        folders.add(folder);
      }
      writeNewFile(path, file.content, { mode: file.executable ? 0o755 : 0o644 });
    }
    for (const folder of folders) fsyncFolder(folder);
    const folder = freeName(outputDir, tree.digest);
    renameDurable(temporary, folder);
    return folder;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Whether the folder in force is this tree to the byte, edited by nobody. */
function isWhole(folder: string, tree: RenderedTree, manifest: string): boolean {
  const onDisk = lstatOf(folder) === null ? null : readTree(folder);
  if (onDisk === null || onDisk.files.length !== tree.files.length) return false;
  if (readFileSync(join(folder, MANIFEST_FILE), "utf8") !== manifest) return false;
  const wanted = new Map(tree.files.map((file) => [file.path, file]));
  return onDisk.files.every(({ path, content, executable }) => {
    const file = wanted.get(path);
    return file?.content === content && file.executable === executable;
  });
}

/**
 * Only what is older than the tree before: a newer one may be another fence's, about to be pointed to. The new one is in
 * force whatever happens here: what cannot be removed stays for the next time.
 */
function removeOlder(outputDir: string, folder: string, before: string | null): void {
  const home = dirname(outputDir);
  try {
    const age = before === null ? null : lstatOf(before);
    if (age === null) return;
    for (const name of namesIn(home)) {
      const path = join(home, name);
      if (path === folder || path === before || !isOurs(outputDir, name)) continue;
      if ((lstatOf(path)?.mtimeMs ?? Infinity) > age.mtimeMs) continue;
      // Half of one would not be known as ours any more.
      const leftover = temporaryPath(home);
      renameSync(path, leftover);
      rmSync(leftover, { recursive: true, force: true });
    }
  } catch {
    // They are harmless.
  }
}

/** Whether a sibling of the output is a tree that fence wrote for this output. */
function isOurs(outputDir: string, name: string): boolean {
  const rest = name.startsWith(`${basename(outputDir)}.`) ? name.slice(basename(outputDir).length + 1) : "";
  return /^[0-9a-f]{12}(\.\d+)?$/.test(rest) && manifestIn(join(dirname(outputDir), name)) !== null;
}

function freeName(outputDir: string, digest: string): string {
  const name = `${outputDir}.${digest.slice(0, 12)}`;
  for (let number = 1; ; number += 1) {
    const path = number === 1 ? name : `${name}.${number}`;
    if (lstatOf(path) === null) return path;
  }
}

/** null: there is none of fence's. @throws FileError when it cannot be told */
function manifestIn(folder: string): Manifest | null {
  const path = join(folder, MANIFEST_FILE);
  const text = attempt("read", path, () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if (NOT_THERE.includes((error as NodeJS.ErrnoException).code ?? "")) return null;
      throw error;
    }
  });
  return text === null ? null : parseManifest(text);
}

/** Paths of all files below a folder, sorted by code unit, symlinks included as files. */
function filesBelow(root: string, prefix: string): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(join(root, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) paths.push(...filesBelow(root, path));
    else if (entry.isFile() || entry.isSymbolicLink()) paths.push(path);
  }
  return paths.sort();
}

function parentsBelow(root: string, path: string): string[] {
  const parents: string[] = [];
  for (let folder = dirname(path); folder !== root; folder = dirname(folder)) parents.unshift(folder);
  return parents;
}

function lstatOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function notOurs(outputDir: string, problem: string): FenceError {
  return new FenceError("output-not-ours", `${outputDir} ${problem}`, {
    hint: "Move it away, or name another folder as output in the spec.",
  });
}

function outputFailure(error: unknown): unknown {
  if (error instanceof FenceError) return error;
  if (error instanceof NotDurable) return new FenceError("not-durable", error.message, { cause: error });
  const { message } = error as Error;
  const errno = error instanceof FileError ? error.errno : (error as NodeJS.ErrnoException).code;
  if (errno === undefined) return error;
  const exit = NOT_PERMITTED.includes(errno) ? {} : { exit: "failed" as const };
  return new FenceError("output-not-writable", message, { cause: error, ...exit });
}

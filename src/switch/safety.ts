import { lstatSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { namesIn } from "../base/folders.js";
import { FenceError } from "../base/errors.js";
import {
  bypassesPath,
  historyPath,
  holderPath,
  journalPath,
  lockPath,
  olderHistoryPath,
  runRecordPath,
  specRecordPath,
  sitesPath,
} from "./paths.js";

/**
 * Whoever can write into the state folder, or swap one of its parents, decides what the web server runs. So
 * every component must belong to root or to the user that fence runs as, and no one else may write to it.
 * @throws FenceError state-not-safe, naming the component
 */
export function checkStateFolder(stateDir: string): void {
  if (!checkOwnFolder(stateDir, "state_dir")) return;
  const files = [
    lockPath,
    holderPath,
    journalPath,
    runRecordPath,
    specRecordPath,
    historyPath,
    olderHistoryPath,
  ];
  for (const pathIn of files) checkFileBelow(pathIn(stateDir));
  checkTree(sitesPath(stateDir));
  // Whoever can make a file there can let himself pass.
  checkTree(bypassesPath(stateDir));
}

/**
 * Whoever can swap what is rendered, or a folder above it, decides what the web server runs.
 * @throws FenceError state-not-safe, naming the component
 */
export function checkOutput(outputDir: string): void {
  checkParents(outputDir);
}

/**
 * Whoever can write into the run folder can answer in a server's name, and has root change what is there.
 * @throws FenceError state-not-safe, naming the component
 */
export function checkRunFolders(runDir: string, folders: readonly string[]): void {
  if (checkOwnFolder(runDir, "run_dir")) folders.forEach(checkFolderBelow);
}

/**
 * Who besides root and the user that fence runs as could have written what lies in a folder, or could swap it.
 * @returns one sentence naming the component; null when nobody could
 */
export function whyUntrusted(folder: string): string | null {
  try {
    checkParents(folder);
    checkTree(folder);
    return null;
  } catch (error) {
    if (error instanceof FenceError) return error.message;
    throw error;
  }
}

function checkTree(folder: string): void {
  checkFolderBelow(folder);
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (lstat(path)?.isDirectory()) checkTree(path);
    else checkFileBelow(path);
  }
}

/** @returns whether it is there */
function checkOwnFolder(path: string, key: string): boolean {
  const own = lstat(path);
  if (own?.isSymbolicLink()) refuse(path, "is a symlink", `Name the folder itself in ${key}.`);
  checkParents(path);
  if (own === null) return false;
  checkFolder(path, own, false);
  return true;
}

/** The folders and the active variant of one switch point. @throws FenceError state-not-safe */
export function checkPoint(stateDir: string, point: { active: string; form: "file" | "folder" }): void {
  const chain: string[] = [];
  for (let path = dirname(point.active); path !== stateDir && path !== dirname(path); path = dirname(path))
    chain.unshift(path);
  chain.forEach(checkFolderBelow);
  const active = lstat(point.active);
  if (active === null) return;
  checkOwner(point.active, active);
  const isRight = point.form === "file" ? active.isFile() : active.isSymbolicLink();
  const wanted = point.form === "file" ? "a file" : "a symlink";
  if (!isRight)
    refuse(
      point.active,
      `is ${kindOf(active)}, not ${wanted}`,
      "Move it away; the next fence apply makes it anew.",
    );
}

function checkParents(path: string): void {
  const parent = dirname(path);
  if (parent === path) return;
  checkParents(parent);
  const stats = lstat(parent);
  if (stats === null) return;
  if (stats.isSymbolicLink()) {
    // A link that only root or we can change is as good as its target, when the target passes too.
    checkOwner(parent, stats);
    checkParents(join(realpathSync(parent), basename(path)));
    return;
  }
  const isSticky = (stats.mode & 0o1000) !== 0;
  const child = lstat(path);
  // In a sticky folder such as /tmp others can make names, but cannot rename or remove what is ours.
  if (isSticky && child !== null) checkOwner(path, child);
  checkFolder(parent, stats, isSticky);
}

function checkFolder(path: string, stats: Stats, mayOthersWrite: boolean): void {
  if (!stats.isDirectory()) refuse(path, `is ${kindOf(stats)}, not a folder`, null);
  checkOwner(path, stats);
  if (writableByOthers(stats) && !mayOthersWrite) {
    refuse(path, `is writable by others (mode ${octal(stats)})`, `Run: chmod go-w ${path}`);
  }
}

function checkFolderBelow(path: string): void {
  const stats = lstat(path);
  if (stats === null) return;
  if (!stats.isDirectory()) refuse(path, `is ${kindOf(stats)}, not a folder`, "Move it away.");
  checkOwner(path, stats);
  if (writableByOthers(stats))
    refuse(path, `is writable by others (mode ${octal(stats)})`, `Run: chmod go-w ${path}`);
}

function checkFileBelow(path: string): void {
  const stats = lstat(path);
  if (stats === null) return;
  if (!stats.isFile()) refuse(path, `is ${kindOf(stats)}, not a file`, "Move it away.");
  checkOwner(path, stats);
  if (writableByOthers(stats))
    refuse(path, `is writable by others (mode ${octal(stats)})`, `Run: chmod go-w ${path}`);
}

function checkOwner(path: string, stats: Stats): void {
  if (isTrusted(stats.uid)) return;
  refuse(
    path,
    `belongs to user ${stats.uid}`,
    `It must belong to root${euid() === 0 ? "" : ` or to user ${euid()}`}.`,
  );
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === euid();
}

/** Many systems give each user a group of their own, so for users other than root only "others" counts. */
function writableByOthers(stats: Stats): boolean {
  return (stats.mode & (euid() === 0 ? 0o022 : 0o002)) !== 0;
}

function euid(): number {
  return process.geteuid?.() ?? 0;
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a symlink";
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? "a file" : "a device";
}

function octal(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, "0");
}

function lstat(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR") return null;
    throw new FenceError("state-not-safe", `cannot look at ${path}: ${code}`, { cause: error });
  }
}

function refuse(path: string, problem: string, hint: string | null): never {
  throw new FenceError("state-not-safe", `${path} ${problem}`, hint === null ? {} : { hint });
}

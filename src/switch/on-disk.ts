import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import { namesIn } from "../base/folders.js";
import { isMode, type Mode } from "../base/mode.js";
import type { SwitchPoint } from "../servers/adapter.js";
import type { OnDisk } from "./types.js";

/** The file of a folder variant that names its mode and generation. */
export const VARIANT_FILE = "variant";
/** The file of a folder variant that tells whether the others were edited; in the format of sha256sum. */
export const SUMS_FILE = "SHA256SUMS";

const STAMP = /(?:^|\s)variant=([a-z]+) generation=(\d{1,15})(?:\s|$)/;

export interface Stamp {
  mode: Mode;
  generation: number;
}

/** Mode and generation in the first line of a file that fence wrote; null when it carries none. */
export function stampOf(content: string): Stamp | null {
  const end = content.indexOf("\n");
  const match = STAMP.exec(end === -1 ? content : content.slice(0, end));
  if (!match || !isMode(match[1])) return null;
  return { mode: match[1], generation: Number(match[2]) };
}

/** Where one generation of a variant lies. */
export function generationPath(point: SwitchPoint, generation: number): string {
  const { dir, name, ext } = parse(point.active);
  return join(dir, `${name}.${generation}${ext}`);
}

/** The generations that are on the disk, in rising order. @throws FileError */
export function generationsOf(point: SwitchPoint): number[] {
  const { dir, name, ext } = parse(point.active);
  const generations = namesIn(dir).flatMap((found) => {
    const isOurs = found.startsWith(`${name}.`) && found.endsWith(ext);
    const number = isOurs ? found.slice(name.length + 1, found.length - ext.length) : "";
    return /^[1-9]\d{0,14}$/.test(number) ? [Number(number)] : [];
  });
  return generations.sort((a, b) => a - b);
}

/** Mode and generation of a staged generation; null when it is missing, edited, or says another number. */
export function readGeneration(point: SwitchPoint, generation: number): Stamp | null {
  const path = generationPath(point, generation);
  const stamp = point.form === "file" ? stampOfFile(path) : stampOfFolder(path);
  return stamp?.generation === generation ? stamp : null;
}

/** What is in force on one server, read back from the active variant. Never throws: what cannot be read is unknown. */
export function readOnDisk(point: SwitchPoint): OnDisk {
  const unknown: OnDisk = { mode: "unknown", generation: null };
  try {
    const stats = lstatSync(point.active, { throwIfNoEntry: false });
    if (stats === undefined) return { mode: null, generation: null };
    if (point.form === "file") return stats.isFile() ? activeFile(point) : unknown;
    return stats.isSymbolicLink() ? activeFolder(point) : unknown;
  } catch {
    return unknown;
  }
}

function activeFile(point: SwitchPoint): OnDisk {
  const active = readFileSync(point.active);
  const stamp = stampOf(active.toString("utf8"));
  if (stamp === null) return { mode: "unknown", generation: null };
  const isWhole = readFileSync(generationPath(point, stamp.generation)).equals(active);
  return isWhole ? stamp : { mode: "unknown", generation: null };
}

function activeFolder(point: SwitchPoint): OnDisk {
  const target = resolve(dirname(point.active), readlinkSync(point.active));
  const stamp = stampOfFolder(target);
  const isOurs = stamp !== null && target === generationPath(point, stamp.generation);
  return isOurs ? stamp : { mode: "unknown", generation: null };
}

function stampOfFile(path: string): Stamp | null {
  try {
    return stampOf(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

function stampOfFolder(path: string): Stamp | null {
  try {
    const sums = readFileSync(join(path, SUMS_FILE), "utf8");
    const names = namesIn(path).filter((name) => name !== SUMS_FILE);
    const actual = sumsOf(names.map((name) => ({ name, content: readFileSync(join(path, name)) })));
    return actual === sums ? stampOf(readFileSync(join(path, VARIANT_FILE), "utf8")) : null;
  } catch {
    return null;
  }
}

/** The content of SHA256SUMS for the files of one variant. */
export function sumsOf(files: readonly { name: string; content: string | Uint8Array }[]): string {
  const lines = files.map(
    ({ name, content }) => `${createHash("sha256").update(content).digest("hex")}  ${name}\n`,
  );
  return lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join("");
}

/** Whether a staged generation is exactly these files. */
export function holdsFiles(
  point: SwitchPoint,
  generation: number,
  files: readonly { name: string; content: string }[],
): boolean {
  const path = generationPath(point, generation);
  try {
    if (point.form === "folder") return readFileSync(join(path, SUMS_FILE), "utf8") === sumsOf(files);
    return files.length === 1 && readFileSync(path, "utf8") === files[0]?.content;
  } catch {
    return false;
  }
}

import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { appendDurable } from "../base/durable.js";
import type { ExitName } from "../base/exit.js";
import { FILE_MODE, historyPath, olderHistoryPath } from "./paths.js";

/** One change that reached the disk, whatever came of it. */
export interface HistoryEntry {
  version: 1;
  /** That of the journal. */
  id: string;
  /** When it began, ISO 8601. */
  at: string;
  by: string;
  command: string;
  why: string;
  sites: readonly HistorySite[];
  /** How long each step took, in milliseconds. */
  steps: Readonly<Record<string, number>>;
  tookMs: number;
  exit: ExitName;
  /** The command that finished it, when it was not the one that began it; null otherwise. */
  finishedBy: string | null;
}

export interface HistorySite {
  site: string;
  from: string;
  to: string;
  generation: number;
  result: string;
}

/** Bytes read at once from the end of the file; doubled until there are enough lines. */
const TAIL_BYTES = 64 * 1024;

/** A file this long is set aside, in place of the one before it: about ten thousand changes each. */
export const HISTORY_BYTES_MAX = 4 * 1024 * 1024;

/** @throws FileError */
export function appendHistory(stateDir: string, entry: HistoryEntry): void {
  setAside(stateDir);
  appendDurable(historyPath(stateDir), JSON.stringify(entry), FILE_MODE);
}

function setAside(stateDir: string): void {
  try {
    if (statSync(historyPath(stateDir)).size > HISTORY_BYTES_MAX)
      renameSync(historyPath(stateDir), olderHistoryPath(stateDir));
  } catch {
    // There is none yet; or it grows on, which is better than to lose a line.
  }
}

/**
 * The last `count` changes, newest first. Lines that a crash cut short are left out; of two lines with the same
 * id (a crash between history and journal) the later one counts.
 */
export function readHistory(stateDir: string, count: number): HistoryEntry[] {
  const entries = readFile(historyPath(stateDir), count);
  if (entries.length >= count) return entries;
  const ids = new Set(entries.map(({ id }) => id));
  const older = readFile(olderHistoryPath(stateDir), count).filter(({ id }) => !ids.has(id));
  return [...entries, ...older].slice(0, count);
}

function readFile(path: string, count: number): HistoryEntry[] {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    for (let bytes = TAIL_BYTES; ; bytes *= 2) {
      const start = Math.max(0, size - bytes);
      const entries = entriesOf(tail(fd, start, size), start > 0);
      if (entries.length >= count || start === 0) return entries.slice(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function tail(fd: number, start: number, end: number): string {
  const buffer = Buffer.alloc(end - start);
  const bytes = readSync(fd, buffer, 0, buffer.length, start);
  return buffer.toString("utf8", 0, bytes);
}

function entriesOf(text: string, beginsInsideLine: boolean): HistoryEntry[] {
  const lines = text.split("\n");
  if (beginsInsideLine) lines.shift();
  const entries = new Map<string, HistoryEntry>();
  for (const line of lines.reverse()) {
    const entry = entryOf(line);
    if (entry !== null && !entries.has(entry.id)) entries.set(entry.id, entry);
  }
  return [...entries.values()];
}

function entryOf(line: string): HistoryEntry | null {
  try {
    const value = JSON.parse(line) as Partial<HistoryEntry> | null;
    return value?.version === 1 && typeof value.id === "string" ? (value as HistoryEntry) : null;
  } catch {
    return null;
  }
}

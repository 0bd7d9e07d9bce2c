import { readFileSync } from "node:fs";
import { removeDurable, writeAtomic } from "../base/durable.js";
import { FileError, NotDurable } from "../base/file-error.js";
import { FenceError } from "../base/errors.js";
import { FILE_MODE, journalPath } from "./paths.js";
import { isSiteState, withHold } from "./state.js";
import type { SiteState } from "./types.js";

/** The intent of a change, on disk from before its first rename until its end. A journal that is there is unfinished. */
export interface Journal {
  version: 1;
  id: string;
  /** forward: towards `to`; undo: back to `from`. */
  direction: "forward" | "undo";
  /** ISO 8601. */
  startedAt: string;
  by: string;
  command: string;
  /** The reason that was given. */
  why: string;
  sites: readonly JournalSite[];
}

export interface JournalSite {
  site: string;
  from: SiteState;
  to: SiteState;
  points: readonly JournalPoint[];
}

export interface JournalPoint {
  server: string;
  form: "file" | "folder";
  /** Both are staged on this server before the journal is written. */
  fromGeneration: number;
  toGeneration: number;
}

/** An unfinished change as `fence status` tells it, also when it cannot be read. */
export type Unfinished =
  | { kind: "none" }
  | { kind: "journal"; journal: Journal }
  | { kind: "unknown-version"; version: number }
  | { kind: "unreadable"; problem: string };

/** What the journal says, without judging it. Never throws for what is in the file. */
export function readUnfinished(stateDir: string): Unfinished {
  let text: string;
  try {
    text = readFileSync(journalPath(stateDir), "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR"
      ? { kind: "none" }
      : { kind: "unreadable", problem: code ?? "unknown" };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "unreadable", problem: text === "" ? "it is empty" : "it is not JSON" };
  }
  const { version } = (value ?? {}) as { version?: unknown };
  if (typeof version === "number" && version !== 1) return { kind: "unknown-version", version };
  return isJournal(value)
    ? { kind: "journal", journal: { ...value, sites: value.sites.map(completed) } }
    : { kind: "unreadable", problem: "it is not a journal" };
}

/** @throws FenceError state-unknown-version, journal-unreadable */
export function readJournal(stateDir: string): Journal | null {
  const path = journalPath(stateDir);
  const unfinished = readUnfinished(stateDir);
  switch (unfinished.kind) {
    case "none":
      return null;
    case "journal":
      return unfinished.journal;
    case "unknown-version":
      throw new FenceError(
        "state-unknown-version",
        `${path} has version ${unfinished.version}; this fence knows version 1`,
        {
          hint: "A newer fence left a change unfinished: finish it with that fence.",
        },
      );
    case "unreadable":
      throw new FenceError("journal-unreadable", `cannot read ${path}: ${unfinished.problem}`, {
        hint: `See what is in force with fence status, then remove ${path} and switch each site again.`,
      });
  }
}

/** @throws FileError, NotDurable */
export function writeJournal(stateDir: string, journal: Journal): void {
  writeAtomic(journalPath(stateDir), `${JSON.stringify(journal, null, 2)}\n`, { mode: FILE_MODE });
}

/** Writes the first journal of a change; when the disk does not confirm it, it is taken back. @throws FileError */
export function beginJournal(stateDir: string, journal: Journal): void {
  try {
    writeJournal(stateDir, journal);
  } catch (error) {
    if (!(error instanceof NotDurable)) throw error;
    removeJournalQuietly(stateDir);
    throw new FileError("sync", error.path, error);
  }
}

/** The change is over. @throws FileError, NotDurable */
export function removeJournal(stateDir: string): void {
  removeDurable(journalPath(stateDir));
}

/** A journal that stays behind without a rename having followed is dropped by the next recovery. */
export function removeJournalQuietly(stateDir: string): void {
  try {
    removeJournal(stateDir);
  } catch (error) {
    if (!(error instanceof FileError || error instanceof NotDurable)) throw error;
  }
}

function isJournal(value: unknown): value is Journal {
  if (typeof value !== "object" || value === null) return false;
  const journal = value as Record<keyof Journal, unknown>;
  const texts = [journal.id, journal.startedAt, journal.by, journal.command, journal.why];
  return (
    journal.version === 1 &&
    texts.every((text) => typeof text === "string") &&
    (journal.direction === "forward" || journal.direction === "undo") &&
    Array.isArray(journal.sites) &&
    journal.sites.every(isJournalSite)
  );
}

function isJournalSite(value: unknown): value is JournalSite {
  if (typeof value !== "object" || value === null) return false;
  const site = value as Record<keyof JournalSite, unknown>;
  return (
    typeof site.site === "string" &&
    isSiteState(site.from) &&
    isSiteState(site.to) &&
    Array.isArray(site.points) &&
    site.points.every(isJournalPoint)
  );
}

function completed(site: JournalSite): JournalSite {
  return { ...site, from: withHold(site.from), to: withHold(site.to) };
}

function isJournalPoint(value: unknown): value is JournalPoint {
  if (typeof value !== "object" || value === null) return false;
  const point = value as Record<keyof JournalPoint, unknown>;
  return (
    typeof point.server === "string" &&
    (point.form === "file" || point.form === "folder") &&
    Number.isSafeInteger(point.fromGeneration) &&
    Number.isSafeInteger(point.toGeneration)
  );
}

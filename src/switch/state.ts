import { readFileSync } from "node:fs";
import { writeAtomic } from "../base/durable.js";
import { makeFolders } from "../base/folders.js";
import { FenceError } from "../base/errors.js";
import { isMode, type HoldValues } from "../base/mode.js";
import { FILE_MODE, FOLDER_MODE, sitesPath, statePath } from "./paths.js";
import type { SiteState } from "./types.js";

/** What holds for a site that fence has never touched. */
export function initialState(site: string): SiteState {
  return {
    version: 1,
    site,
    mode: "up",
    generation: 0,
    lastGeneration: 0,
    since: new Date(0).toISOString(),
    changedAt: new Date(0).toISOString(),
    by: "",
    reason: "",
    message: "",
    retryAfterSec: 0,
    untilMs: null,
    hold: null,
    proof: "unproven",
  };
}

/** @throws FenceError state-unknown-version, state-unreadable */
export function readState(stateDir: string, site: string): SiteState {
  const path = statePath(stateDir, site);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return initialState(site);
    throw unreadable(path, code ?? "unknown", error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, "it is not JSON", error);
  }
  const { version } = (value ?? {}) as { version?: unknown };
  if (typeof version === "number" && version !== 1) {
    throw new FenceError(
      "state-unknown-version",
      `${path} has version ${version}; this fence knows version 1`,
      {
        hint: "A newer fence wrote it: use that one.",
      },
    );
  }
  if (!isSiteState(value) || value.site !== site)
    throw unreadable(path, "it is not the state of this site", null);
  return withHold(value);
}

/**
 * `readState` for those who write the state anew: a damaged file must not keep a site down.
 * @throws FenceError state-unknown-version
 */
export function readStateOrNone(stateDir: string, site: string): { state: SiteState; damage: string | null } {
  try {
    return { state: readState(stateDir, site), damage: null };
  } catch (error) {
    if (!(error instanceof FenceError) || error.code !== "state-unreadable") throw error;
    return { state: initialState(site), damage: error.message };
  }
}

/** @throws FileError, NotDurable */
export function writeState(stateDir: string, state: SiteState): void {
  makeFolders(sitesPath(stateDir), FOLDER_MODE);
  writeAtomic(statePath(stateDir, state.site), `${JSON.stringify(state, null, 2)}\n`, { mode: FILE_MODE });
}

/** Those written before there was a hold say nothing of it. */
export function withHold(state: WrittenState): SiteState {
  return { ...state, hold: state.hold ?? null };
}

/** A state as it may lie on the disk. */
export type WrittenState = Omit<SiteState, "hold"> & Partial<Pick<SiteState, "hold">>;

/** Whether a value read from a file has the shape of a version 1 state. */
export function isSiteState(value: unknown): value is WrittenState {
  if (typeof value !== "object" || value === null) return false;
  const state = value as Record<keyof SiteState, unknown>;
  const texts = [state.site, state.since, state.changedAt, state.by, state.reason, state.message];
  const counts = [state.generation, state.lastGeneration, state.retryAfterSec];
  return (
    state.version === 1 &&
    isMode(state.mode) &&
    texts.every((text) => typeof text === "string") &&
    counts.every((count) => Number.isSafeInteger(count) && (count as number) >= 0) &&
    (state.untilMs === null || typeof state.untilMs === "number") &&
    (state.mode === "hold" ? isHold(state.hold) : (state.hold ?? null) === null) &&
    ["proven", "unproven", "staged"].includes(state.proof as string)
  );
}

function isHold(value: unknown): value is HoldValues {
  if (typeof value !== "object" || value === null) return false;
  const hold = value as Record<keyof HoldValues, unknown>;
  const { maxWaitMs, maxHeld, maxHeldPerClient, maxBodyBytes, releaseConcurrency, expiresMs } = hold;
  const counts = [maxWaitMs, maxHeld, maxHeldPerClient, maxBodyBytes, releaseConcurrency, expiresMs];
  return (
    counts.every((count) => Number.isSafeInteger(count) && (count as number) >= 0) &&
    (hold.onExpiry === "up" || hold.onExpiry === "down")
  );
}

function unreadable(path: string, problem: string, cause: unknown): FenceError {
  return new FenceError("state-unreadable", `cannot read ${path}: ${problem}`, {
    cause,
    hint: `Look at it, then remove it: fence takes mode and generation from the active variants again.`,
  });
}

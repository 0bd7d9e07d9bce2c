import { readFileSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isMode, type Mode, type HoldValues } from "../../base/mode.js";
import { bodyOf } from "../answers/answer.js";

/** A variant in force, as read from its folder. */
export interface SiteState {
  /** Where `active` pointed to. */
  folder: string;
  mode: Mode;
  generation: number;
  /** Unix time in seconds of the announced end. */
  untilSec: number | null;
  retryAfterSec: number;
  /** Of mode hold; null in the others. */
  hold: HoldValues | null;
  /** The answer to fence's probe, except while the site is down. */
  probe: string | Buffer;
  /** The page, in the first language first. */
  pages: readonly Page[];
  json: string | Buffer;
  text: string | Buffer;
}

export interface Page {
  /** A tag of BCP 47; null: nobody knows. */
  language: string | null;
  body: string | Buffer;
}

/** The folder that an active variant points to; null when there is none. */
export function activeFolder(active: string): string | null {
  try {
    return resolve(dirname(active), readlinkSync(active));
  } catch {
    return null;
  }
}

/** Reads a variant folder. @returns null when it is not there, not whole or not one of fence's */
export function readSiteState(folder: string): SiteState | null {
  try {
    const state = readFileSync(join(folder, "state"), "latin1");
    const values = parseState(state);
    if (values === null) return null;
    const read = (name: string): string | Buffer => bodyOf(readFileSync(join(folder, name)));
    const [first = null, ...others] = languagesOf(state);
    return {
      folder,
      ...values,
      probe: read("probe.json"),
      pages: [
        { language: first, body: read("down.html") },
        ...others.map((language) => ({ language, body: read(`down.${language.toLowerCase()}.html`) })),
      ],
      json: read("down.json"),
      text: read("down.txt"),
    };
  } catch {
    return null;
  }
}

function languagesOf(state: string): string[] {
  return /^languages=([A-Za-z0-9,-]+)\n/m.exec(state)?.[1]?.split(",") ?? [];
}

type Values = Pick<SiteState, "mode" | "generation" | "untilSec" | "retryAfterSec" | "hold">;

/** The file `state`; its last line tells that it is whole. */
export function parseState(text: string): Values | null {
  const values = new Map<string, string>();
  for (const [, key = "", value = ""] of text.matchAll(/^([a-z_]+)=([^\n]*)\n/gm)) values.set(key, value);
  const mode = values.get("mode");
  const generation = count(values.get("generation"));
  const retryAfterSec = count(values.get("retry_after"));
  if (values.get("end") !== "1" || !isMode(mode) || generation === null || retryAfterSec === null)
    return null;
  const hold = mode === "hold" ? holdOf(values) : null;
  if (mode === "hold" && hold === null) return null;
  return { mode, generation, untilSec: count(values.get("until")), retryAfterSec, hold };
}

/** What bounds a hold; null when any of it is missing. */
function holdOf(values: ReadonlyMap<string, string>): HoldValues | null {
  const maxWaitMs = count(values.get("max_wait_ms"));
  const maxHeld = count(values.get("max_held"));
  const maxHeldPerClient = count(values.get("max_held_per_client"));
  const maxBodyBytes = count(values.get("max_body"));
  const expires = count(values.get("expires"));
  const releaseConcurrency = count(values.get("release_concurrency"));
  const onExpiry = values.get("on_expiry");
  if (maxWaitMs === null || maxHeld === null || maxHeldPerClient === null || maxBodyBytes === null)
    return null;
  if (expires === null || releaseConcurrency === null || (onExpiry !== "up" && onExpiry !== "down"))
    return null;
  const limits = { maxWaitMs, maxHeld, maxHeldPerClient, maxBodyBytes, releaseConcurrency };
  return { ...limits, expiresMs: expires * 1000, onExpiry };
}

function count(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

import { readlink } from "node:fs/promises";
import { isMode, type Mode } from "../base/mode.js";
import { ask } from "./ask.js";
import type { Held } from "./types.js";

const TIMEOUT_MS = 2000;
const BODY_BYTES_MAX = 64 * 1024;

/** What POST /sync answers. */
export interface SyncReport {
  /** The worker that answered. */
  pid: number;
  /** The shared copy is as the file was during the request; false: another worker was reading it all the while. */
  synced: boolean;
  mode: Mode | "unknown";
  generation: number | null;
  /** Workers that have judged a request from this shared copy, some of them long gone. */
  workers: readonly number[];
  /** Requests of the site at its backends; null: the server does not count them. */
  inflight: number | null;
  /** null: the server holds none. */
  held: Held | null;
}

/**
 * Has a server take over the active variant of one site, by its control socket.
 * @throws Error what the socket, or its answer, is like
 */
export async function sync(socketPath: string, site: string): Promise<SyncReport> {
  const headers = { Host: "fence", Connection: "close", "Content-Length": "0" };
  const options = { socketPath, path: `/sync?site=${site}`, method: "POST", headers };
  const limits = { timeoutMs: TIMEOUT_MS, bodyBytesMax: BODY_BYTES_MAX };
  const { status, body } = await ask(options, false, limits);
  const report = status === 200 ? parse(body) : null;
  if (report === null) throw new Error(`status ${status}, not an answer of fence`);
  return report;
}

/** The generation that an active symlink names, as in `main.12`. @throws Error when there is no such link */
export async function activeGeneration(active: string): Promise<number> {
  return Number(/\.(\d+)$/.exec(await readlink(active))?.[1]);
}

function parse(body: string): SyncReport | null {
  try {
    const value = JSON.parse(body) as Record<string, unknown> | null;
    const { pid, synced, mode, generation, workers, inflight, held, oldestHeldMs } = value ?? {};
    if (typeof pid !== "number" || typeof synced !== "boolean" || !Array.isArray(workers)) return null;
    return {
      pid,
      synced,
      mode: isMode(mode) ? mode : "unknown",
      generation: typeof generation === "number" ? generation : null,
      workers: workers as number[],
      inflight: typeof inflight === "number" ? inflight : null,
      held:
        typeof held === "number"
          ? { count: held, oldestMs: typeof oldestHeldMs === "number" ? oldestHeldMs : null }
          : null,
    };
  } catch {
    return null;
  }
}

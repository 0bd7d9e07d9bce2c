import { readlink } from "node:fs/promises";
import http from "node:http";

const TIMEOUT_MS = 2000;
const BODY_BYTES_MAX = 64 * 1024;

/** What POST /sync answers. */
export interface SyncReport {
  /** The worker that answered. */
  pid: number;
  /** The shared copy is as the file was during the request; false: another worker was reading it all the while. */
  synced: boolean;
  generation: number | null;
  /** Workers that have judged a request from this shared copy, some of them long gone. */
  workers: readonly number[];
  /** Requests of the site at its backends; null: the server does not count them. */
  inflight: number | null;
}

/**
 * Has a server take over the active variant of one site, by its control socket.
 * @throws Error what the socket, or its answer, is like
 */
export function sync(socketPath: string, site: string): Promise<SyncReport> {
  const options: http.RequestOptions = {
    socketPath,
    path: `/sync?site=${site}`,
    method: "POST",
    headers: { Host: "fence", Connection: "close", "Content-Length": "0" },
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > BODY_BYTES_MAX) response.destroy(new Error("the answer is too large"));
      });
      response.on("error", reject);
      response.on("end", () => {
        const report = response.statusCode === 200 ? parse(body) : null;
        if (report) resolve(report);
        else reject(new Error(`status ${response.statusCode}, not an answer of fence`));
      });
    });
    const deadline = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
    request.on("close", () => clearTimeout(deadline));
    request.on("error", reject);
    request.end();
  });
}

/** The generation that an active symlink names, as in `main.12`. @throws Error when there is no such link */
export async function activeGeneration(active: string): Promise<number> {
  return Number(/\.(\d+)$/.exec(await readlink(active))?.[1]);
}

function parse(body: string): SyncReport | null {
  try {
    const value = JSON.parse(body) as Partial<SyncReport> | null;
    const { pid, synced, generation, workers, inflight } = value ?? {};
    if (typeof pid !== "number" || typeof synced !== "boolean" || !Array.isArray(workers)) return null;
    return {
      pid,
      synced,
      generation: typeof generation === "number" ? generation : null,
      workers,
      inflight: typeof inflight === "number" ? inflight : null,
    };
  } catch {
    return null;
  }
}

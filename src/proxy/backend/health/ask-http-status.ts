import http from "node:http";
import type { Where } from "../where.js";

/**
 * One GET, on a connection of its own.
 * @returns the status of the answer, whose body is not waited for
 * @throws Error for whatever is no answer: refused, silent, malformed
 */
export function askHttpStatus(
  where: Where,
  { path, host, timeoutMs }: { path: string; host: string; timeoutMs: number },
): Promise<number> {
  const target = "path" in where ? { socketPath: where.path } : where;
  return new Promise((resolve, reject) => {
    const headers = { Host: host, "User-Agent": "fence-health", Connection: "close" };
    const request = http.get({ ...target, path, headers, agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      response.on("error", () => {});
      request.destroy();
    });
    // A check under way keeps no process from its end.
    request.on("socket", (socket) => socket.unref());
    const timer = setTimeout(() => request.destroy(new Error("no answer in time")), timeoutMs).unref();
    request.on("error", reject);
    request.on("close", () => {
      clearTimeout(timer);
      reject(new Error("closed before an answer"));
    });
  });
}

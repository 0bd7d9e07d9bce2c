import { ask } from "./ask.js";
import { activeGeneration, sync } from "./control-sync.js";
import type { ObserveWorkers } from "./types.js";

/** Has the gate read its active variant. It has no listener for clients: what it says is all that can be seen of it. */
export const observeWorkers: ObserveWorkers = async (point, _server, masterPid) => {
  const none = (problem: string) => ({
    workers: [{ pid: masterPid, settled: null, detail: null }],
    inflight: null,
    held: null,
    problem,
  });
  if (point.controlSocket === null) return none("no control socket");
  try {
    const report = await sync(point.controlSocket, point.site);
    const settled = report.synced && report.generation === (await activeGeneration(point.active));
    const { pid, mode, generation, inflight, held } = report;
    const problem = report.synced ? null : "the gate cannot read its active variant";
    const detail = `generation ${generation ?? "none"}`;
    return { workers: [{ pid, settled, detail }], shows: { mode, generation }, inflight, held, problem };
  } catch (error) {
    return none(`${point.controlSocket}: ${(error as Error).message}`);
  }
};

const LIMITS = { timeoutMs: 2000, bodyBytesMax: 1024 * 1024 };

/** SHA-256 (hex) of the `gate.json` that the gate which answers serves by; null: none answers. */
export async function gateInForce(socketPath: string): Promise<string | null> {
  try {
    const headers = { Host: "fence", Connection: "close" };
    const { status, body } = await ask({ socketPath, path: "/status", headers }, false, LIMITS);
    const { configSha256 } = JSON.parse(body) as Record<string, unknown>;
    return status === 200 && typeof configSha256 === "string" ? configSha256 : "unknown";
  } catch {
    return null;
  }
}

/** Has a gate stay that was to end. @returns false: it takes no more, or none answers */
export async function keepGate(socketPath: string): Promise<boolean> {
  try {
    const headers = { Host: "fence", Connection: "close", "Content-Length": "0" };
    const { status } = await ask({ socketPath, path: "/stay", method: "POST", headers }, false, LIMITS);
    return status === 200;
  } catch {
    return false;
  }
}

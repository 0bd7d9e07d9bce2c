import { ask } from "./ask.js";

const LIMITS = { timeoutMs: 2000, bodyBytesMax: 1024 * 1024 };

/** What a running proxy says of the config that it serves by. */
export interface ConfigInForce {
  /** SHA-256 (hex) of its `proxy.json`. */
  sha256: string;
  /** Reloads that put nothing in force. */
  reloadsFailed: number;
  /** Why the last one did not. */
  problem: string | null;
}

/** @throws Error what the control socket, or its answer, is like */
export async function configInForce(socketPath: string): Promise<ConfigInForce> {
  const headers = { Host: "fence", Connection: "close" };
  const { status, body } = await ask({ socketPath, path: "/status", headers }, false, LIMITS);
  if (status !== 200) throw new Error(`status ${status}, not an answer of fence`);
  const { configSha256, reloadsFailed, reloadProblem } = JSON.parse(body) as Record<string, unknown>;
  if (typeof configSha256 !== "string" || typeof reloadsFailed !== "number")
    throw new Error("it tells no config: is it of an older fence?");
  return {
    sha256: configSha256,
    reloadsFailed,
    problem: typeof reloadProblem === "string" ? reloadProblem : null,
  };
}

import { run } from "../../base/run.js";

const TIMEOUT_MS = 2000;

/**
 * Tells systemd, when it has asked for it (Type=notify). Node has no datagram sockets of the unix kind: the program that
 * systemd brings along for shells sends it.
 * @param lines e.g. `READY=1`
 */
export async function notifySystemd(env: NodeJS.ProcessEnv, lines: readonly string[]): Promise<void> {
  const socket = env["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return;
  await run("systemd-notify", lines, { timeoutMs: TIMEOUT_MS, env: { NOTIFY_SOCKET: socket } });
}

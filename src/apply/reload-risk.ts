import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { userOf } from "../base/process-info.js";
import type { Plan } from "../plan/types.js";
import type { Listen, Server } from "../spec/types.js";
import type { Machine } from "./machine.js";

const CONNECT_MS = 1000;
/** Below it only root may listen. */
const PRIVILEGED_PORTS_END = 1024;

/**
 * Why a running server is better restarted than told to reload.
 * @returns one clause about the server; null when nothing is known to stand against a reload
 */
export async function whyNoReload(plan: Plan, machine: Machine, server: Server): Promise<string | null> {
  const ends = await whyReloadEnds(plan, machine, server);
  return ends === null ? whyReloadStalls(machine, server) : `it would end: ${ends}`;
}

/**
 * lighttpd leaves old requests to a process in the background only when it can start itself anew by the name that it
 * was started by. Otherwise it takes no request before the last of them has ended, a WebSocket, say.
 */
export async function whyReloadStalls(
  machine: Pick<Machine, "findMaster">,
  { name, kind, config }: Pick<Server, "name" | "kind" | "config">,
): Promise<string | null> {
  if (kind !== "lighttpd" || config === "include") return null;
  const { pid } = await machine.findMaster(name);
  const words = pid === null ? [] : commandLine(pid);
  const [program = "/"] = words;
  const isFound = words.includes("-D") ? program.includes("/") : program.startsWith("/");
  if (isFound) return null;
  return `it would answer nobody until all requests under way have ended, as it was started as ${program} and not by its whole path`;
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/**
 * Why a reload would end a running server instead. lighttpd reads its config anew as the user it runs as, and ends
 * when that user may not do what root did at the start; a test of the config by root does not show it.
 * @returns one clause; null when nothing is known to stand against a reload
 */
export async function whyReloadEnds(plan: Plan, machine: Machine, server: Server): Promise<string | null> {
  if (server.kind !== "lighttpd") return null;
  const { pid } = await machine.findMaster(server.name);
  if (pid === null || isRoot(pid)) return null;
  const { outputDir, sites } = plan.spec;
  const served = sites.filter(({ servers }) => servers.includes(server.name));
  const gate = join(outputDir, server.name, "gate.conf");
  for (const file of [
    gate,
    ...served.flatMap(({ tls }) => (tls === null ? [] : [tls.certificate, tls.key])),
  ]) {
    const why = await machine.whyUnreadable(server.name, file);
    if (why !== null) return why;
  }
  const socket = plan.switchPoints.find((point) => point.server === server.name)?.controlSocket ?? null;
  if (socket !== null && !(await accepts({ path: socket })))
    return `its user may not make a socket in ${dirname(socket)}`;
  // The sites of another config may listen wherever it says so.
  const listens: readonly Listen[] =
    server.config === "include" ? [] : served.flatMap(({ listen }) => listen[server.name] ?? []);
  for (const listen of listens) {
    if (listen.kind === "unix") continue;
    const { address, port } = listen;
    if (port < PRIVILEGED_PORTS_END && !(await accepts({ host: reachable(address), port })))
      return `its user may not begin to listen on port ${port}`;
  }
  return null;
}

/** Unreadable, as in tests, counts as root: nothing is known. */
function isRoot(pid: number): boolean {
  return (userOf(pid) ?? 0) === 0;
}

function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

function accepts(place: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...place, timeout: CONNECT_MS });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

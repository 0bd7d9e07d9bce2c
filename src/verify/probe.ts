import type { RequestOptions } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { isMode } from "../base/mode.js";
import { PROBE_PATH } from "../servers/probe-path.js";
import type { Listen, Site } from "../spec/types.js";
import { ask, type Answer } from "./ask.js";
import { reachable } from "./reachable.js";
import type { ProbeResult } from "./types.js";

const TIMEOUT_MS = 2000;
const BODY_BYTES_MAX = 1024 * 1024;

/**
 * Asks one listener of a site which mode its clients get, on a connection of its own so that any worker may take it.
 * Never throws: what went wrong is in `problem`.
 */
export async function probe(site: Site, listen: Listen, host: string): Promise<ProbeResult> {
  const url = urlOf(listen);
  const result: ProbeResult = { url, host, mode: "unknown", generation: null, status: null, problem: null };
  try {
    const answer = await askListener(listen, host, "");
    result.status = answer.status;
    return { ...result, ...read(site, answer) };
  } catch (error) {
    return { ...result, problem: `no answer: ${(error as Error).message}` };
  }
}

/** The hosts a probe names: every exact one, and for `*.example.com` one name under it. */
export function probeHosts(site: Site): string[] {
  return site.hosts.map((host) => (host.startsWith("*.") ? `fence-probe${host.slice(1)}` : host));
}

/** @param query of the probe's path, with its `?`; or empty. @throws Error what stands in the way */
export function askListener(listen: Listen, host: string, query: string): Promise<Answer> {
  const where = reachable(listen);
  const options: RequestOptions = {
    ...("path" in where ? { socketPath: where.path } : where),
    path: `${PROBE_PATH}${query}`,
    method: "GET",
    headers: {
      Host: host,
      Accept: "application/problem+json",
      Connection: "close",
      "User-Agent": "fence-probe",
    },
    // The listener is on this machine and may present any certificate of the site; the proof is in the answer.
    ...(listen.tls ? { rejectUnauthorized: false, servername: host } : {}),
    ...(listen.proxyProtocol ? { createConnection: () => behindProxyHeader(listen, host) } : {}),
  };
  return ask(options, listen.tls, { timeoutMs: TIMEOUT_MS, bodyBytesMax: BODY_BYTES_MAX });
}

function read(site: Site, answer: Answer): Pick<ProbeResult, "mode" | "generation" | "problem"> {
  const { header, status } = site.maintenance;
  const marker = answer.headers[header.toLowerCase()];
  const body = parseJson(answer.body);
  const generation = typeof body?.["generation"] === "number" ? body["generation"] : null;
  const unknown = (problem: string) => ({ mode: "unknown" as const, generation, problem });
  if (marker !== undefined) {
    if (answer.status !== status)
      return unknown(`the answer has ${header} but status ${answer.status}, not ${status}`);
    if (!answer.headers["retry-after"]) return unknown(`the answer has ${header} but no Retry-After`);
    if (!/no-store/.test(answer.headers["cache-control"] ?? ""))
      return unknown("the answer may be cached: no no-store");
    if (generation === null)
      return unknown("the maintenance answer carries no generation: another config serves it");
    return { mode: "down", generation, problem: null };
  }
  if (answer.status === 200 && isMode(body?.["fence"])) {
    if (body["site"] !== site.name)
      return unknown(`the answer is of site ${String(body["site"])}, not ${site.name}`);
    return { mode: body["fence"], generation, problem: null };
  }
  return unknown(
    `status ${answer.status} without a mark of fence: this listener does not serve the rendered config`,
  );
}

function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What a proxy sends that speaks for itself and not for a client: PROXY protocol, section 2.1. */
const PROXY_HEADER = "PROXY UNKNOWN\r\n";

/** A connection whose first bytes are a PROXY header; TLS comes after it. */
function behindProxyHeader(listen: Listen, host: string): Socket {
  const socket = connect(reachable(listen));
  socket.write(PROXY_HEADER);
  return listen.tls ? connectTls({ socket, servername: host, rejectUnauthorized: false }) : socket;
}

function urlOf(listen: Listen): string {
  const where = reachable(listen);
  if ("path" in where) return `http://unix:${where.path}`;
  const { host, port } = where;
  return `${listen.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

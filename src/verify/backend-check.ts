import { connect } from "node:net";
import type { Address, Spec, Upstream } from "../spec/types.js";
import { upstreamNamesOf } from "../spec/route-of.js";
import { ask } from "./ask.js";

const TIMEOUT_MS = 2000;
const BODY_BYTES_MAX = 1024 * 1024;

/**
 * Asks the backends of sites on their own addresses, past every server: the health check of the upstream where the spec
 * has one and it speaks HTTP, else whether a connection is taken. And each of `urls`, which must answer 2xx or 3xx.
 * @returns a sentence for each that is not well; never throws
 */
export async function checkBackends(
  spec: Spec,
  sites: readonly string[],
  urls: readonly string[],
): Promise<string[]> {
  const names = new Set(spec.sites.filter(({ name }) => sites.includes(name)).flatMap(upstreamNamesOf));
  const checks = spec.upstreams
    .filter(({ name }) => names.has(name))
    .flatMap((upstream) => upstream.backends.map((backend) => checkBackend(upstream, backend)));
  const problems = await Promise.all([...checks, ...urls.map(checkUrl)]);
  return problems.filter((problem) => problem !== null);
}

async function checkBackend({ health, protocol }: Upstream, backend: Address): Promise<string | null> {
  const label = backend.kind === "unix" ? `unix:${backend.path}` : `${backend.host}:${backend.port}`;
  const where = backend.kind === "unix" ? { path: backend.path } : { host: backend.host, port: backend.port };
  if (health === null || protocol !== "http") return connects(where, label);
  const host = health.host ?? (backend.kind === "unix" ? "localhost" : label);
  const options = {
    ...(backend.kind === "unix" ? { socketPath: backend.path } : where),
    path: health.path,
    method: "GET",
    headers: { Host: host, Connection: "close", "User-Agent": "fence-check" },
  };
  const { first, last } = health.status;
  return told(`${label}${health.path}`, async () => {
    const { status } = await ask(options, false, {
      timeoutMs: health.timeoutMs,
      bodyBytesMax: BODY_BYTES_MAX,
    });
    return status >= first && status <= last ? null : `status ${status}, not ${first} to ${last}`;
  });
}

function connects(
  where: { path: string } | { host: string; port: number },
  label: string,
): Promise<string | null> {
  return told(label, () => {
    return new Promise((resolve, reject) => {
      const socket = connect(where);
      const timer = setTimeout(
        () => socket.destroy(new Error(`no connection within ${TIMEOUT_MS} ms`)),
        TIMEOUT_MS,
      );
      socket.on("connect", () => resolve(null));
      socket.on("error", reject);
      socket.on("close", () => clearTimeout(timer));
      socket.on("connect", () => socket.destroy());
    });
  });
}

function checkUrl(text: string): Promise<string | null> {
  const url = new URL(text);
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port,
    path: `${url.pathname}${url.search}`,
    method: "GET",
    headers: { Host: url.host, Connection: "close", "User-Agent": "fence-check" },
    servername: url.hostname,
  };
  return told(text, async () => {
    const { status } = await ask(options, url.protocol === "https:", {
      timeoutMs: TIMEOUT_MS,
      bodyBytesMax: BODY_BYTES_MAX,
    });
    return status >= 200 && status < 400 ? null : `status ${status}`;
  });
}

async function told(what: string, check: () => Promise<string | null>): Promise<string | null> {
  try {
    const problem = await check();
    return problem === null ? null : `${what}: ${problem}`;
  } catch (error) {
    return `${what}: ${(error as Error).message}`;
  }
}

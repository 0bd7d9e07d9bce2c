import { splitHostPort } from "./address-checks.js";
import { folder, ms, pairs } from "./build-parts.js";
import { buildCgi, buildStatuses, buildUpstream } from "./build-upstream.js";
import { DEFAULTS } from "./defaults.js";
import type { RawWorker } from "./schema-worker.js";
import type { Upstream } from "./types.js";
import type { Worker, WorkerSocket } from "./worker-types.js";

/** How a site names a worker in the place of an upstream. */
const PREFIX = "worker:";

/** The worker that `upstream = "worker:NAME"` names; null: it names an upstream. */
export function workerNamed(upstream: string): string | null {
  return upstream.startsWith(PREFIX) ? upstream.slice(PREFIX.length) : null;
}

/** The name of the upstream that stands for a worker. */
export function upstreamOfWorker(worker: string): string {
  return `worker-${worker}`;
}

export function buildWorker(
  name: string,
  raw: RawWorker,
  stateDir: string,
  path: (value: string) => string,
): Worker {
  const cwd = path(raw.cwd ?? DEFAULTS["worker.cwd"].value);
  const protocol = raw.protocol ?? DEFAULTS["worker.protocol"].value;
  return {
    name,
    command: raw.command,
    cwd,
    user: raw.user ?? DEFAULTS["worker.user"].value,
    group: raw.group ?? DEFAULTS["worker.group"].value,
    env: pairs(raw.env),
    passEnv: raw.pass_env ?? DEFAULTS["worker.pass_env"].value,
    count: raw.count ?? DEFAULTS["worker.count"].value,
    socket: buildSocket(raw.socket),
    backlog: raw.backlog ?? DEFAULTS["worker.backlog"].value,
    protocol,
    ready: buildReady(raw.ready ?? {}, protocol),
    stopSignal: raw.stop_signal ?? DEFAULTS["worker.stop_signal"].value,
    graceMs: ms(raw.grace ?? DEFAULTS["worker.grace"].value),
    stopTimeoutMs: ms(raw.stop_timeout ?? DEFAULTS["worker.stop_timeout"].value),
    ageMaxMs: raw.max_age === undefined ? DEFAULTS["worker.max_age"].value : ms(raw.max_age),
    restart: {
      firstMs: ms(raw.restart?.first ?? DEFAULTS["worker.restart.first"].value),
      longestMs: ms(raw.restart?.longest ?? DEFAULTS["worker.restart.longest"].value),
      failures: raw.restart?.failures ?? DEFAULTS["worker.restart.failures"].value,
    },
    log: raw.log === undefined ? `${stateDir}/workers/${name}.log` : path(raw.log),
    pidFile: raw.pid_file === undefined ? DEFAULTS["worker.pid_file"].value : path(raw.pid_file),
    cgi: protocol === "http" ? null : buildCgi({ ...raw.cgi, root: raw.cgi?.root ?? folder(cwd) }, protocol),
  };
}

/** What servers that name a worker forward to: one backend, its socket. */
export function workerUpstream({ name, socket, protocol, cgi }: Worker): Upstream {
  const place = socket.kind === "unix" ? `unix:${socket.path}` : tcpText(socket);
  const upstream = buildUpstream(upstreamOfWorker(name), { backends: [place], protocol });
  return { ...upstream, keepsConnections: false, cgi };
}

function buildSocket(raw: RawWorker["socket"]): WorkerSocket {
  const { address, mode, owner, group } = typeof raw === "string" ? { address: raw } : raw;
  if (address.startsWith("unix:"))
    return {
      kind: "unix",
      path: address.slice("unix:".length),
      mode: parseInt(mode ?? DEFAULTS["worker.socket.mode"].value, 8),
      owner: owner ?? DEFAULTS["worker.socket.owner"].value,
      group: group ?? DEFAULTS["worker.socket.group"].value,
    };
  const place = splitHostPort(address);
  if (place === null) throw new Error(`unchecked socket ${address}`);
  return { kind: "tcp", address: place.host, port: place.port };
}

function tcpText({ address, port }: Extract<WorkerSocket, { kind: "tcp" }>): string {
  // Whoever listens on every address is reached on this machine's own.
  const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function buildReady(raw: NonNullable<RawWorker["ready"]>, protocol: Worker["protocol"]): Worker["ready"] {
  const timeoutMs = ms(raw.timeout ?? DEFAULTS["worker.ready.timeout"].value);
  if (raw.path === undefined && protocol === "fastcgi") return { question: null, timeoutMs };
  const question = {
    path: raw.path ?? DEFAULTS["worker.ready.path"].value,
    host: raw.host ?? DEFAULTS["worker.ready.host"].value,
    status: buildStatuses(raw.status ?? DEFAULTS["worker.ready.status"].value),
  };
  return { question, timeoutMs };
}

import { splitHostPort } from "./address-checks.js";
import { folder, ms, pairs } from "./build-parts.js";
import { DEFAULTS } from "./defaults.js";
import type { RawUpstream } from "./schema-upstream.js";
import type { Address, Backend, CgiSettings, HealthCheck, Upstream } from "./types.js";

/** Where PHP's scripts end in a path. scgi and uwsgi applications take the whole path. */
const FASTCGI_SPLIT: readonly string[] = [".php"];

export function buildUpstream(name: string, raw: RawUpstream): Upstream {
  const protocol = raw.protocol ?? DEFAULTS["upstream.protocol"].value;
  return {
    name,
    backends: raw.backends.map(buildBackend),
    protocol,
    balance: raw.balance ?? DEFAULTS["upstream.balance"].value,
    hashBy: buildHashBy(raw.hash_by ?? DEFAULTS["upstream.hash_by"].value),
    connectionsMax: raw.max_connections ?? DEFAULTS["upstream.max_connections"].value,
    queue: {
      max: raw.queue?.max ?? DEFAULTS["upstream.queue.max"].value,
      timeoutMs: ms(raw.queue?.timeout ?? DEFAULTS["upstream.queue.timeout"].value),
    },
    restMs: ms(raw.fail_timeout ?? DEFAULTS["upstream.fail_timeout"].value),
    connectTimeoutMs: ms(raw.connect_timeout ?? DEFAULTS["upstream.connect_timeout"].value),
    readTimeoutMs: ms(raw.read_timeout ?? DEFAULTS["upstream.read_timeout"].value),
    sendTimeoutMs: ms(raw.send_timeout ?? DEFAULTS["upstream.send_timeout"].value),
    health: raw.health === undefined ? null : buildHealth(raw.health),
    keepsConnections: true,
    cgi: protocol === "http" ? null : buildCgi(raw.cgi ?? {}, protocol),
  };
}

function buildBackend(raw: RawUpstream["backends"][number]): Backend {
  const { address, weight = DEFAULTS["upstream.backends.weight"].value } =
    typeof raw === "string" ? { address: raw } : raw;
  return { ...buildAddress(address), weight };
}

function buildAddress(raw: string): Address {
  if (raw.startsWith("unix:")) return { kind: "unix", path: raw.slice("unix:".length) };
  const place = splitHostPort(raw);
  if (place === null) throw new Error(`unchecked backend ${raw}`);
  return { kind: "tcp", host: place.host, port: place.port };
}

function buildHashBy(raw: NonNullable<RawUpstream["hash_by"]>): Upstream["hashBy"] {
  if (raw === "uri") return { by: "uri" };
  return "header" in raw
    ? { by: "header", name: raw.header.toLowerCase() }
    : { by: "cookie", name: raw.cookie };
}

function buildHealth(raw: NonNullable<RawUpstream["health"]>): HealthCheck {
  return {
    path: raw.path,
    host: raw.host ?? DEFAULTS["upstream.health.host"].value,
    intervalMs: ms(raw.interval ?? DEFAULTS["upstream.health.interval"].value),
    timeoutMs: ms(raw.timeout ?? DEFAULTS["upstream.health.timeout"].value),
    passes: raw.passes ?? DEFAULTS["upstream.health.passes"].value,
    fails: raw.fails ?? DEFAULTS["upstream.health.fails"].value,
    status: buildStatuses(raw.status ?? DEFAULTS["upstream.health.status"].value),
  };
}

/** `204` or `"200-399"`. */
export function buildStatuses(status: string | number): HealthCheck["status"] {
  const [first, last = first] = String(status).split("-").map(Number);
  if (first === undefined || last === undefined) throw new Error(`unchecked status ${status}`);
  return { first, last };
}

export function buildCgi(raw: NonNullable<RawUpstream["cgi"]>, protocol: Upstream["protocol"]): CgiSettings {
  return {
    root: folder(raw.root ?? ""),
    index: raw.index ?? DEFAULTS["upstream.cgi.index"].value,
    split: raw.split ?? (protocol === "fastcgi" ? FASTCGI_SPLIT : []),
    params: pairs(raw.params),
  };
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { FenceError } from "../../base/errors.js";
import {
  PROXY_SCHEMA,
  type DocumentMaintenance,
  type DocumentServer,
  type DocumentSite,
  type ProxyDocument,
} from "../../servers/proxy-document.js";
import type { Server, Site, Upstream } from "../../spec/types.js";
import type { ProxyConfig } from "../configuration.js";

/** By these the compiler tells that a key of the spec is new, and must be known here, too. */
const DOCUMENT_KEYS: Record<keyof ProxyDocument, true> = {
  schema: true,
  controlSocket: true,
  server: true,
  upstreams: true,
  sites: true,
};
const SERVER_KEYS: Record<keyof DocumentServer, true> = {
  name: true,
  listen: true,
  workers: true,
  user: true,
  pidFile: true,
  accessLog: true,
  metrics: true,
};
const UPSTREAM_KEYS: Record<keyof Upstream, true> = {
  name: true,
  backends: true,
  protocol: true,
  balance: true,
  hashBy: true,
  connectionsMax: true,
  queue: true,
  restMs: true,
  connectTimeoutMs: true,
  readTimeoutMs: true,
  sendTimeoutMs: true,
  health: true,
  keepsConnections: true,
  cgi: true,
};
const SITE_KEYS: Record<keyof DocumentSite, true> = {
  name: true,
  active: true,
  hosts: true,
  listen: true,
  upstream: true,
  tls: true,
  routes: true,
  upstreamRoutes: true,
  maintenance: true,
  exceptions: true,
  rewrite: true,
  sendfile: true,
  compress: true,
};
const MAINTENANCE_KEYS: Record<keyof DocumentMaintenance, true> = {
  status: true,
  retryAfterSec: true,
  header: true,
  headers: true,
  paths: true,
  corsOrigins: true,
};

/** What is in the variant already, or no concern of who serves. */
const NOT_SERVED: Omit<Site["maintenance"], keyof DocumentMaintenance> = {
  pageHtml: null,
  page: { languages: [], template: null, logo: null, statusUrl: null, contact: null, texts: {} },
  title: null,
  message: "",
  reason: "",
  onExpiry: "alert",
};

/** A hold comes with its own bounds, in its variant. */
const NO_HOLD: Site["hold"] = {
  maxWaitMs: 0,
  maxHeld: 0,
  maxHeldPerClient: 0,
  maxBodyBytes: 0,
  forMs: 0,
  onExpiry: "down",
  releaseConcurrency: null,
  drainTimeoutMs: 0,
};

const FIX = "fence apply writes it anew; fence render does, too, and changes nothing else";

/**
 * Reads what the proxy serves by.
 * @throws FenceError not-applied when it was never rendered; server-unfit when it is not a document of this version
 */
export function readDocument(file: string): ProxyConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      const hint = "fence apply writes it; fence render does, too, and changes nothing else";
      throw new FenceError("not-applied", `nothing is rendered yet: there is no ${file}`, { cause, hint });
    }
    throw new FenceError("server-unfit", `cannot read ${file}: ${message}`, { cause });
  }
  return configOf(text, file);
}

/** @param file where the text comes from, for messages @throws FenceError server-unfit */
export function configOf(text: string, file: string): ProxyConfig {
  const { controlSocket, server, upstreams, sites } = checked(text, file);
  const active = new Map(sites.map((site) => [site.name, site.active]));
  return {
    sha256: createHash("sha256").update(text).digest("hex"),
    controlSocket,
    server: serverOf(server),
    spec: { upstreams, sites: sites.map((site) => siteOf(server.name, site)) },
    read: (path) => readFileSync(path),
    text,
    activeOf: ({ name }) => active.get(name) ?? "",
  };
}

function serverOf(server: DocumentServer): Server {
  const own = { kind: "proxy", config: "standalone", program: "fence-proxy" } as const;
  return { ...server, ...own, moduleDir: null, statCache: "simple" };
}

function siteOf(server: string, { active: _active, listen, maintenance, ...site }: DocumentSite): Site {
  return {
    ...site,
    servers: [server],
    worker: null,
    listen: { [server]: listen },
    settle: { delayMs: 0, timeoutMs: 0 },
    hold: NO_HOLD,
    // The variants carry these.
    maintenance: { ...maintenance, ...NOT_SERVED },
  };
}

/**
 * The file is fence's own, but may be of another version of it: what this one does not know must not be passed over,
 * and what it needs must be there.
 */
function checked(text: string, file: string): ProxyDocument {
  const unfit = (what: string): FenceError =>
    new FenceError("server-unfit", `${file} is not for this version of fence: ${what}`, { hint: FIX });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FenceError("server-unfit", `${file} is no JSON: ${(cause as Error).message}`, {
      cause,
      hint: FIX,
    });
  }
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (schema !== PROXY_SCHEMA)
    throw unfit(`its schema is ${JSON.stringify(schema ?? null)}, not ${JSON.stringify(PROXY_SCHEMA)}`);
  const problems = [
    ...keyProblems("it", value, DOCUMENT_KEYS),
    ...within(value, "server", SERVER_KEYS),
    ...withinEach(value, "upstreams", UPSTREAM_KEYS),
    ...withinEach(value, "sites", SITE_KEYS),
    ...sitesIn(value).flatMap((site) => within(site, "maintenance", MAINTENANCE_KEYS)),
  ];
  const [first] = problems;
  if (first !== undefined) throw unfit(first);
  return value as ProxyDocument;
}

function keyProblems(where: string, value: unknown, known: Readonly<Record<string, true>>): string[] {
  if (typeof value !== "object" || value === null) return [`${where} is no object`];
  const missing = Object.keys(known).filter((key) => !(key in value));
  const unknown = Object.keys(value).filter((key) => !(key in known));
  return [
    ...missing.map((key) => `${where} has no ${key}`),
    ...unknown.map((key) => `${where} has a ${key}, which this version does not know`),
  ];
}

function within(parent: unknown, key: string, known: Readonly<Record<string, true>>): string[] {
  return keyProblems(`its ${key}`, (parent as Record<string, unknown> | null)?.[key], known);
}

function withinEach(parent: unknown, key: string, known: Readonly<Record<string, true>>): string[] {
  const list: unknown = (parent as Record<string, unknown> | null)?.[key];
  if (!Array.isArray(list)) return [`its ${key} are no list`];
  return list.flatMap((item, index) => keyProblems(`${key}[${index}]`, item, known));
}

function sitesIn(value: unknown): unknown[] {
  const { sites } = (value ?? {}) as { sites?: unknown };
  return Array.isArray(sites) ? sites : [];
}

import { dirname, resolve } from "node:path";
import { parseCidr } from "../base/cidr.js";
import { canonicalHost, splitHostPort } from "./address-checks.js";
import { buildCompress, buildRewrite, buildSendfile } from "./build-answers.js";
import { buildHold } from "./build-hold.js";
import { buildPage, NO_FILES, pageHtmlOf, type PageFiles } from "./build-page.js";
import { ms, pairs } from "./build-parts.js";
import {
  buildFileRoute,
  buildPathRule,
  buildReference,
  buildUpstreamRoute,
  namedUpstreams,
  withoutSlash,
} from "./build-route.js";
import { buildUpstream } from "./build-upstream.js";
import { buildNotify } from "./build-notify.js";
import { buildWorker, workerNamed, workerUpstream } from "./build-worker.js";
import { DEFAULT_HTTP2, DEFAULT_PROGRAM, DEFAULT_WORKERS, DEFAULTS } from "./defaults.js";
import type { RawListen, RawServer, RawSite, RawSpec } from "./schema.js";
import type { Cidr, Listen, Server, ServerKind, Site, Spec } from "./types.js";

/** What building needs besides the checked values. */
export interface Surroundings {
  /** Absolute path of the spec. */
  file: string;
  /** Of the spec's bytes. */
  sha256: string;
  /** Site name → the files of its page, as read. */
  pages: ReadonlyMap<string, PageFiles>;
}

/** The spec with every default filled in, from values that the schema and the cross check have accepted. */
export function buildSpec(raw: RawSpec, around: Surroundings): Spec {
  const path = (value: string): string => resolve(dirname(around.file), value);
  const runDir = path(raw.run_dir ?? DEFAULTS.run_dir.value);
  const stateDir = path(raw.state_dir ?? DEFAULTS.state_dir.value);
  const workers = Object.entries(raw.worker ?? {}).map(([name, worker]) =>
    buildWorker(name, worker, stateDir, path),
  );
  const named = new Set(Object.values(raw.site).flatMap(namedUpstreams).map(workerNamed));
  const servers = Object.entries(raw.server).map(([name, server]) => buildServer(name, server, runDir, path));
  return {
    file: around.file,
    sha256: around.sha256,
    stateDir,
    runDir,
    outputDir: path(raw.output ?? DEFAULTS.output.value),
    servers,
    upstreams: [
      ...Object.entries(raw.upstream ?? {}).map(([name, upstream]) => buildUpstream(name, upstream)),
      ...workers.filter(({ name }) => named.has(name)).map(workerUpstream),
    ],
    workers,
    notify: Object.entries(raw.notify ?? {}).map(([name, one]) => buildNotify(name, one, path)),
    sites: Object.entries(raw.site).map(([name, site]) =>
      buildSite(name, site, servers, around.pages.get(name) ?? NO_FILES, path),
    ),
  };
}

function buildServer(name: string, raw: RawServer, runDir: string, path: (value: string) => string): Server {
  const program = raw.program ?? DEFAULT_PROGRAM[raw.kind];
  const moduleDir = raw.module_dir ?? DEFAULTS["server.module_dir"].value;
  return {
    name,
    kind: raw.kind,
    config: raw.config ?? DEFAULTS["server.config"].value,
    listen: raw.listen.map((listen) => buildListen(listen, raw.kind)),
    workers: raw.workers ?? DEFAULT_WORKERS[raw.kind],
    user: raw.user ?? DEFAULTS["server.user"].value,
    pidFile: raw.pid_file === undefined ? `${runDir}/${name}/server.pid` : path(raw.pid_file),
    program: program.includes("/") ? path(program) : program,
    moduleDir: raw.kind !== "nginx-lua" || moduleDir === "" ? null : path(moduleDir),
    statCache: raw.stat_cache ?? DEFAULTS["server.stat_cache"].value,
    accessLog: buildAccessLog(raw.access_log, path),
    metrics: buildMetrics(raw.metrics),
  };
}

/** @param kind of the server that listens there */
export function buildListen(raw: RawListen, kind: ServerKind): Listen {
  const { address: text, tls = false, http2, proxy_protocol: proxyProtocol = false } = asTable(raw);
  if (text.startsWith("unix:"))
    return { kind: "unix", path: text.slice("unix:".length), tls: false, http2: false, proxyProtocol };
  const place = splitHostPort(text);
  if (place === null) throw new Error(`unchecked listen ${text}`);
  const address = place.host.includes(":")
    ? new URL(`http://[${place.host}]`).hostname.slice(1, -1)
    : place.host;
  return {
    kind: "tcp",
    address,
    port: place.port,
    tls,
    http2: http2 ?? (tls && DEFAULT_HTTP2[kind]),
    proxyProtocol,
  };
}

function asTable(raw: RawListen): Exclude<RawListen, string> {
  return typeof raw === "string" ? { address: raw } : raw;
}

function buildAccessLog(raw: RawServer["access_log"], path: (value: string) => string): Server["accessLog"] {
  if (raw === undefined) return DEFAULTS["server.access_log"].value;
  if (typeof raw === "string") return { format: raw, file: null };
  return { format: raw.format, file: raw.file === undefined ? null : path(raw.file) };
}

function buildMetrics(raw: string | undefined): Server["metrics"] {
  if (raw === undefined) return DEFAULTS["server.metrics"].value;
  const listen = buildListen(raw, "proxy");
  if (listen.kind !== "tcp") throw new Error(`unchecked metrics ${raw}`);
  return { address: listen.address, port: listen.port };
}

function buildSite(
  name: string,
  raw: RawSite,
  servers: readonly Server[],
  files: PageFiles,
  path: (value: string) => string,
): Site {
  const own = servers.filter((server) => raw.servers?.includes(server.name) ?? true);
  const { maintenance = {}, exceptions = {}, settle = {} } = raw;
  return {
    name,
    hosts: raw.hosts.map((host) => canonicalHost(host) ?? host),
    servers: own.map((server) => server.name),
    listen: Object.fromEntries(
      own.map((server) => [
        server.name,
        raw.listen?.map((listen) => buildListen(listen, server.kind)) ?? server.listen,
      ]),
    ),
    upstream: buildReference(raw.upstream),
    worker: raw.upstream === undefined ? null : workerNamed(raw.upstream),
    tls: raw.tls === undefined ? null : { certificate: path(raw.tls.certificate), key: path(raw.tls.key) },
    routes: (raw.route ?? []).flatMap((route) => buildFileRoute(route, path)),
    upstreamRoutes: (raw.route ?? []).flatMap(buildUpstreamRoute),
    maintenance: {
      status: maintenance.status ?? DEFAULTS["site.maintenance.status"].value,
      retryAfterSec: ms(maintenance.retry_after ?? DEFAULTS["site.maintenance.retry_after"].value) / 1000,
      header: maintenance.header ?? DEFAULTS["site.maintenance.header"].value,
      headers: pairs(maintenance.headers),
      pageHtml: pageHtmlOf(files),
      page: buildPage(maintenance, files),
      title: maintenance.title ?? DEFAULTS["site.maintenance.title"].value,
      message: maintenance.message ?? DEFAULTS["site.maintenance.message"].value,
      reason: maintenance.reason ?? DEFAULTS["site.maintenance.reason"].value,
      paths: (maintenance.paths ?? DEFAULTS["site.maintenance.paths"].value).map(withoutSlash),
      onExpiry: maintenance.on_expiry ?? DEFAULTS["site.maintenance.on_expiry"].value,
      corsOrigins: maintenance.cors_origins ?? [],
    },
    exceptions: {
      allow: (exceptions.allow ?? []).map(buildCidr),
      trustedProxies: (exceptions.trusted_proxies ?? []).map(buildCidr),
      pass: (exceptions.pass ?? []).map(buildPathRule),
      acme: exceptions.acme ?? DEFAULTS["site.exceptions.acme"].value,
      health:
        exceptions.health === undefined
          ? null
          : {
              path: exceptions.health.path,
              whileDown: exceptions.health.while_down ?? DEFAULTS["site.exceptions.health.while_down"].value,
            },
    },
    settle: {
      delayMs: ms(settle.delay ?? DEFAULTS["site.settle.delay"].value),
      timeoutMs: ms(settle.timeout ?? DEFAULTS["site.settle.timeout"].value),
    },
    rewrite: buildRewrite(raw.rewrite),
    sendfile: raw.sendfile === undefined ? null : buildSendfile(raw.sendfile),
    compress: raw.compress === undefined ? null : buildCompress(raw.compress),
    hold: buildHold(raw.hold),
  };
}

function buildCidr(raw: string): Cidr {
  const block = parseCidr(raw);
  if (block === null || block === "host-bits") throw new Error(`unchecked address ${raw}`);
  return block;
}

import type { HoldEnd, Mode } from "../base/mode.js";

/**
 * The spec, parsed and valid: every default filled in, every path absolute, every duration in milliseconds,
 * every name unique, every reference resolved to a key that exists.
 */
export interface Spec {
  /** Absolute path of fence.toml. */
  file: string;
  /** SHA-256 (hex) of the file's bytes. */
  sha256: string;
  /** Modes, variants in force, journal, history. Must survive a reboot. */
  stateDir: string;
  /** Control sockets and pid files. */
  runDir: string;
  /** Where `fence render` writes; a symlink to the newest rendered tree. */
  outputDir: string;
  servers: readonly Server[];
  upstreams: readonly Upstream[];
  sites: readonly Site[];
}

export const SERVER_KINDS = ["lighttpd", "nginx-lua", "nginx", "proxy"] as const;
export type WebServerKind = (typeof SERVER_KINDS)[number];
/** What a spec names, and the gate that comes with servers which cannot hold. */
export type ServerKind = WebServerKind | "gate";

export interface Server {
  /** `[a-z][a-z0-9-]*`, at most 32 characters: it becomes part of file names and identifiers. */
  name: string;
  kind: ServerKind;
  /** standalone: fence writes the whole config. include: fence writes files that the user's own config includes. */
  config: "standalone" | "include";
  listen: readonly Listen[];
  /** Worker processes. lighttpd: 0 means one process that serves by itself. */
  workers: number;
  /** The user that workers run as; null leaves the server's own default. */
  user: string | null;
  pidFile: string;
  /** Absolute path or bare name of the server's binary; proxy: the name that its process carries. */
  program: string;
  /** nginx-lua: folder of ndk_http_module.so and ngx_http_lua_module.so; null when they are built in or loaded elsewhere. */
  moduleDir: string | null;
  /** lighttpd: server.stat-cache-engine. */
  statCache: "simple" | "inotify" | "disable";
}

/** Where clients connect to. */
export type Listen = TcpListen | UnixListen;

export interface TcpListen {
  kind: "tcp";
  /** IPv4 or IPv6 literal without brackets, e.g. `0.0.0.0`, `::`. */
  address: string;
  port: number;
  tls: boolean;
  /** Clients are offered HTTP/2 beside HTTP/1.1; only with TLS. */
  http2: boolean;
  /** Each connection begins with a header of the PROXY protocol, which tells the client's address. */
  proxyProtocol: boolean;
}

export interface UnixListen {
  kind: "unix";
  /** Absolute, at most 107 bytes. */
  path: string;
  tls: false;
  http2: false;
  proxyProtocol: boolean;
}

export interface Upstream {
  name: string;
  backends: readonly Backend[];
}

export type Backend = { kind: "tcp"; host: string; port: number } | { kind: "unix"; path: string };

export interface Site {
  name: string;
  /** Lower case; exact names, or `*.example.com` for any name under it. */
  hosts: readonly string[];
  /** Names of servers, at least one. */
  servers: readonly string[];
  /** Listens of this site on each of its servers (key: server name): the site's own, else the server's. */
  listen: Readonly<Record<string, readonly Listen[]>>;
  /** Name of the upstream that takes what no route takes; null: 404. */
  upstream: string | null;
  tls: { certificate: string; key: string } | null;
  routes: readonly Route[];
  maintenance: Maintenance;
  exceptions: Exceptions;
  settle: Settle;
  hold: Hold;
}

/** Files below `dir` for URL paths below `path`. */
export interface Route {
  /** URL path prefix, begins and ends with `/`. */
  path: string;
  /** Folder that `path` stands for, absolute, without a trailing `/`. */
  dir: string;
  fallback: Fallback | null;
}

/** GET and HEAD for a file that does not exist are answered 302 to base + the appended part. */
export interface Fallback {
  /** http(s) URL without query, fragment, userinfo or trailing `/`. */
  base: string;
  /** path: the request's raw path; last-segment: `/` and what follows the last `/` of it. */
  append: "path" | "last-segment";
}

export interface Maintenance {
  /** 4xx or 5xx. */
  status: number;
  retryAfterSec: number;
  /** Name of the marker header; its value is always `1`. */
  header: string;
  /** Further response headers of the maintenance answer, in the order of the spec. */
  headers: readonly { name: string; value: string }[];
  /** The user's own HTML, as read; null: the built-in page. */
  pageHtml: string | null;
  title: string;
  message: string;
  reason: string;
  /** URL path prefixes that go down, on segment borders; `/` is everything. */
  paths: readonly string[];
  /** Origins (`https://app.example.com`) that get CORS headers on the maintenance answer. */
  corsOrigins: readonly string[];
}

export interface Exceptions {
  allow: readonly Cidr[];
  trustedProxies: readonly Cidr[];
  pass: readonly PathRule[];
  /** `/.well-known/acme-challenge/` passes. */
  acme: boolean;
  health: { path: string; whileDown: "pass" | "ok" | "down" } | null;
}

/** Host bits are zero; v4-mapped IPv6 is written as IPv4. `text` is the canonical form, e.g. `192.0.2.0/24`. */
export interface Cidr {
  family: 4 | 6;
  text: string;
  /** First and last address as 32 lower-case hex digits; IPv4 as `00000000000000000000ffff` + 8 digits. */
  first: string;
  last: string;
}

/** Matched against the decoded, normalised path. A prefix ends on a segment border. */
export type PathRule =
  { match: "exact"; value: string } | { match: "prefix"; value: string } | { match: "regex"; value: string };

export interface Settle {
  /** Least time from commit until fence may say done. */
  delayMs: number;
  /** Deadline of the proof. */
  timeoutMs: number;
}

/** What bounds a hold, unless the command says otherwise. */
export interface Hold {
  /** Of one request; then it gets the maintenance answer. */
  maxWaitMs: number;
  /** Requests held at once, by each worker. */
  maxHeld: number;
  /** Of one client address; loopback and trusted proxies are not counted. */
  maxHeldPerClient: number;
  /** Bytes of one held request that are read ahead. */
  maxBodyBytes: number;
  /** The hold ends by itself after this long. */
  forMs: number;
  onExpiry: HoldEnd["onExpiry"];
  /** Requests at the backends at once while those held are let go; null: what the upstream takes. */
  releaseConcurrency: number | null;
  /** How long `fence hold` waits until no request is at the backends. */
  drainTimeoutMs: number;
}

/** One hold, as stamped into its variant. */
export interface HoldValues extends HoldEnd {
  maxWaitMs: number;
  maxHeld: number;
  maxHeldPerClient: number;
  maxBodyBytes: number;
  releaseConcurrency: number;
}

/** What a person asked for and what the clients are told; stamped into each variant. */
export interface ModeValues {
  mode: Mode;
  /** Grows by one with each switch of the site; 0 in files that `fence render` writes. */
  generation: number;
  /** Seconds for Retry-After when `untilMs` is null or past. */
  retryAfterSec: number;
  /** Unix time in milliseconds of the expected end; null: not known. */
  untilMs: number | null;
  /** Whole seconds from the switch to `untilMs`, for what cannot calculate; null when there is no end ahead. */
  leftSec: number | null;
  message: string;
  reason: string;
  /** Of mode hold; null in the others. */
  hold: HoldValues | null;
}

import type { HoldValues, Mode } from "../base/mode.js";
import type { Hold } from "./hold-types.js";
import type { PathRule, Route, UpstreamRoute } from "./route-types.js";
import type { Notify } from "./notify-types.js";
import type { Worker } from "./worker-types.js";
import type { PageFacts } from "./page-types.js";

/** The spec, parsed and valid: every default filled in, every path absolute, every duration in milliseconds, every name
 *  unique, every reference resolved to a key that exists. */
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
  /** Those of the spec, and one for each worker that a site names. */
  upstreams: readonly Upstream[];
  workers: readonly Worker[];
  notify: readonly Notify[];
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
  /** proxy: a line for each request; null: none. */
  accessLog: AccessLog | null;
  /** proxy: its own listener for Prometheus, plain HTTP; null: none. IPv6 without brackets. */
  metrics: { address: string; port: number } | null;
}

export interface AccessLog {
  format: "combined" | "json";
  /** Absolute path; null: stdout. */
  file: string | null;
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

export const UPSTREAM_PROTOCOLS = ["http", "fastcgi", "scgi", "uwsgi"] as const;
/** sticky: hash of the client's address. */
export const BALANCES = ["round-robin", "least-connection", "hash", "sticky", "random"] as const;

export interface Upstream {
  name: string;
  backends: readonly Backend[];
  protocol: (typeof UPSTREAM_PROTOCOLS)[number];
  balance: (typeof BALANCES)[number];
  /** What balance "hash" looks at; others do not. A header's name is in lower case. */
  hashBy: { by: "uri" } | { by: "header"; name: string } | { by: "cookie"; name: string };
  /** To one backend, of one process; null: no limit. */
  connectionsMax: number | null;
  /** Requests that wait for a free connection; without `connectionsMax` none ever does. */
  queue: { max: number; timeoutMs: number };
  /** How long a backend that refused is passed over. */
  restMs: number;
  connectTimeoutMs: number;
  /** To the first byte of the answer, and between two reads. */
  readTimeoutMs: number;
  /** For a backend that takes nothing of a request. */
  sendTimeoutMs: number;
  health: HealthCheck | null;
  /** A connection may carry one request after the other; not to workers, which end between two of them. */
  keepsConnections: boolean;
  /** null when, and only when, the protocol is http. */
  cgi: CgiSettings | null;
}

/** A request sent to each backend again and again, through the upstream's protocol. */
export interface HealthCheck {
  /** Begins with `/`; may have a query. */
  path: string;
  /** Value of Host, perhaps with a port; null: the backend's address. */
  host: string | null;
  intervalMs: number;
  timeoutMs: number;
  /** Checks in a row that make an unhealthy backend available, and that make it unhealthy. */
  passes: number;
  fails: number;
  /** Both ends included. */
  status: { first: number; last: number };
}

/** How a URL path becomes the variables of CGI (RFC 3875, 4.1). */
export interface CgiSettings {
  /** DOCUMENT_ROOT, absolute, without a trailing `/`; empty: none, for scgi and uwsgi alone. */
  root: string;
  /** Put behind a path that ends with `/`; empty: nothing. */
  index: string;
  /** Ends of a script's name, such as `.php`; none: the whole path is PATH_INFO and SCRIPT_NAME is empty. */
  split: readonly string[];
  /** Further variables, in the order of the spec. */
  params: readonly { name: string; value: string }[];
}

/** Where a backend is. */
export type Address = { kind: "tcp"; host: string; port: number } | { kind: "unix"; path: string };

/** @property weight its share among the backends of its upstream; of a name with several addresses, that of each */
export type Backend = Address & { weight: number };

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
  worker: /** That the upstream stands for. */ string | null;
  tls: { certificate: string; key: string } | null;
  /** To files. */
  routes: readonly Route[];
  /** To upstreams, in the order of the spec; which route takes a request is in route-of.ts. */
  upstreamRoutes: readonly UpstreamRoute[];
  maintenance: Maintenance;
  exceptions: Exceptions;
  settle: Settle;
  hold: Hold;
  /** Changes to what passes between clients and backends; empty lists: none. */
  rewrite: Rewrite;
  /** Files that a backend may have sent in place of its answer; null: none. */
  sendfile: Sendfile | null;
  /** Answers that are compressed on their way; null: none. */
  compress: Compress | null;
}

export interface Rewrite {
  /** Of requests on their way to a backend. */
  request: HeaderRules;
  /** Of a backend's answers; fence's own are not touched. */
  response: HeaderRules;
  /**
   * Location and Content-Location: a URL or path that begins with `from`, on a border of segments, begins with `to`
   * instead. The first counts.
   */
  location: readonly Mapping[];
  /** Domain of Set-Cookie, lower case and without a leading dot; an empty `to` drops the attribute. */
  cookieDomain: readonly Mapping[];
  /** Path of Set-Cookie, as `location`. */
  cookiePath: readonly Mapping[];
}

/** Names as the spec writes them; none is in both lists, none twice, whatever the case. */
export interface HeaderRules {
  /** The field has this value and no other, whether it was there or not. */
  set: readonly { name: string; value: string }[];
  remove: readonly string[];
}

export interface Mapping {
  from: string;
  to: string;
}

/** At least one of the lists has an entry. */
export interface Sendfile {
  /** X-Sendfile and X-LIGHTTPD-send-file: folders whose files may be named; absolute, without a trailing `/`. */
  roots: readonly string[];
  /** X-Accel-Redirect: URL path prefixes, which begin and end with `/`, and the folders (as in `roots`) they stand for. */
  accel: readonly { prefix: string; dir: string }[];
}

export interface Compress {
  /** Media types in lower case, without parameters; `type/*` is all of a type. */
  types: readonly string[];
  /** An answer known to be smaller is left as it is. */
  minBytes: number;
  /** At least one; the first that the client takes equally well is used. */
  encodings: readonly ("br" | "gzip")[];
}

export interface Maintenance {
  /** 4xx or 5xx. */
  status: number;
  retryAfterSec: number;
  /** Name of the marker header; its value is always `1`. */
  header: string;
  /** Further response headers of the maintenance answer, in the order of the spec. */
  headers: readonly { name: string; value: string }[];
  /** The user's own HTML, as read; null: the built-in page, or the user's own template. */
  pageHtml: string | null;
  page: PageFacts;
  /** In every language; null: the page's own. */
  title: string | null;
  message: string;
  reason: string;
  /** URL path prefixes that go down, on segment borders; `/` is everything. */
  paths: readonly string[];
  /** What `fence expire` does with a site that is down past its announced end. */
  onExpiry: "alert" | "up";
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

export interface Settle {
  /** Least time from commit until fence may say done. */
  delayMs: number;
  /** Deadline of the proof. */
  timeoutMs: number;
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

import { z } from "zod";
import * as address from "./address-checks.js";
import { LIMITS } from "./limits.js";
import { checkRegex } from "./regex-check.js";
import { metricsAddress } from "./proxy-checks.js";
import { answers } from "./schema-answers.js";
import { page } from "./schema-page.js";
import { hold } from "./schema-hold.js";
import { duration, list, named, path, str, urlPath } from "./schema-parts.js";
import { notify } from "./schema-notify.js";
import { upstream } from "./schema-upstream.js";
import { worker } from "./schema-worker.js";
import * as check from "./value-checks.js";

/**
 * The shape of fence.toml. Descriptions end up in docs/spec.md and in the JSON Schema for editors; defaults are in
 * defaults.ts, rules across values in cross-check.ts.
 */
const listenAddress = str("address:port or unix:/path", address.listenAddress);
const listen = z
  .union([
    listenAddress,
    z.strictObject({
      address: listenAddress,
      tls: z.boolean().optional().describe("serve TLS here, with the certificate of each site"),
      http2: z.boolean().optional().describe("offer HTTP/2 here, beside HTTP/1.1; needs tls"),
      proxy_protocol: z
        .boolean()
        .optional()
        .describe("every connection begins with a PROXY protocol header (version 1 or 2)"),
    }),
  ])
  .describe(
    'where to listen: "0.0.0.0:80", "[::]:80", "unix:/run/web.sock", or { address = "0.0.0.0:443", tls = true }',
  );
const listens = list(listen, LIMITS.listensMax, "addresses to listen on").min(1);

const accessLogFormat = z
  .enum(["json", "combined"])
  .describe("one JSON object a line, or Combined Log Format");
const accessLog = z
  .union([
    accessLogFormat,
    z.strictObject({ format: accessLogFormat, file: path("where to; without it stdout").optional() }),
  ])
  .describe('proxy: a line for each request: "json", "combined" or { format = "json", file = "/path" }');

const server = z.strictObject({
  kind: z
    .enum(["lighttpd", "nginx-lua", "nginx", "proxy"])
    .describe(
      "which web server this is; nginx-lua is nginx with the Lua module, proxy is fence's own (fence proxy run)",
    ),
  config: z
    .enum(["standalone", "include"])
    .optional()
    .describe("standalone: fence writes the whole config; include: your own config includes fence's files"),
  listen: listens,
  workers: z
    .int()
    .min(0)
    .max(LIMITS.workersMax)
    .optional()
    .describe("worker processes; lighttpd: 0 is one process that serves by itself"),
  user: str("user that workers run as", check.nonEmpty).optional(),
  pid_file: path("the server's pid file").optional(),
  program: path("the server's binary").optional(),
  module_dir: str(
    "nginx-lua: folder of the nginx modules; empty when they are built in or loaded elsewhere",
  ).optional(),
  stat_cache: z
    .enum(["simple", "inotify", "disable"])
    .optional()
    .describe("lighttpd: server.stat-cache-engine"),
  access_log: accessLog.optional(),
  metrics: str(
    "proxy: address:port of a listener for Prometheus; it answers anyone who reaches it",
    metricsAddress,
  ).optional(),
});

const fallback = z.strictObject({
  base: str("where files that are not here are: an http(s) URL", check.fallbackBase),
  append: z
    .enum(["path", "last-segment"])
    .optional()
    .describe("what is put behind base: the request's whole path, or only what follows its last /"),
});

const pathRule = z
  .union([
    urlPath("a prefix on segment borders"),
    z.strictObject({ exact: urlPath("exactly this path") }),
    z.strictObject({ prefix: urlPath("this path and all below it") }),
    z.strictObject({ regex: str("a regular expression", checkRegex) }),
  ])
  .describe('"/prefix", { exact = "/path" }, { prefix = "/path" } or { regex = "^/v[0-9]+$" }');
const route = z.strictObject({
  path: pathRule.describe(
    'which paths: "/prefix/", and for an upstream also { exact = "/path" }, { prefix = "/path" } or { regex = "^/v[0-9]+/" }',
  ),
  dir: path("folder that the prefix stands for; the path then ends with /").optional(),
  upstream: str('in place of dir: name of an upstream, or "worker:NAME"').optional(),
  hosts: list(str("host name", address.host), LIMITS.hostsMax, "upstream: only for these hosts of the site")
    .min(1)
    .optional(),
  strip_prefix: z.boolean().optional().describe("upstream: it is asked without the prefix"),
  add_prefix: urlPath("upstream: what is put before the path that it is asked for").optional(),
  fallback: fallback.optional().describe("answer 302 for a file that does not exist (GET and HEAD)"),
  precompressed: z
    .boolean()
    .optional()
    .describe("send file.br or file.gz in the place of file to clients that take it"),
});

const cidrs = (description: string) =>
  list(str("address or block", address.cidr), LIMITS.cidrsMax, description);

/** Names of headers are checked in key-check.ts. */
const headers = z.record(z.string(), str("value of the header"));

const maintenance = z.strictObject({
  status: z.int().min(400).max(599).optional().describe("status of the maintenance answer"),
  retry_after: str("Retry-After when no end was given", check.duration, check.wholeSeconds).optional(),
  header: str(
    "name of the header that marks the maintenance answer; its value is 1",
    check.ownHeaderName,
  ).optional(),
  headers: headers.optional().describe("further headers of the maintenance answer"),
  ...page,
  title: str("heading of the page in every language", check.nonEmpty).optional(),
  message: str("what visitors are told, unless --message says otherwise").optional(),
  reason: str("why, unless --reason says otherwise").optional(),
  paths: list(urlPath("path prefix"), LIMITS.pathRulesMax, "only these path prefixes go down")
    .min(1)
    .optional(),
  on_expiry: z
    .enum(["alert", "up"])
    .optional()
    .describe("what fence expire does once the announced end has passed: tell, or bring the site up"),
  cors_origins: list(
    str("an origin", check.origin),
    LIMITS.originsMax,
    "origins whose scripts may read the maintenance answer",
  ).optional(),
});

const health = z.strictObject({
  path: urlPath("path that health checks ask for (GET and HEAD)"),
  while_down: z
    .enum(["pass", "ok", "down"])
    .optional()
    .describe("while the site is down: pass to the site, answer 200, or answer as down"),
});

const exceptions = z.strictObject({
  allow: cidrs("clients that still see the live site").optional(),
  trusted_proxies: cidrs("peers whose X-Forwarded-For is believed").optional(),
  pass: list(pathRule, LIMITS.pathRulesMax, "paths that still reach the live site").optional(),
  acme: z.boolean().optional().describe("/.well-known/acme-challenge/ still reaches the live site"),
  health: health.optional().describe("the path that load balancers watch"),
});

const settle = z.strictObject({
  delay: duration("least time from the switch until fence may say done").optional(),
  timeout: duration("deadline of the proof; then the switch is undone").optional(),
});

const site = z.strictObject({
  hosts: list(str("host name", address.host), LIMITS.hostsMax, "names of the site").min(1),
  servers: list(str("name of a server"), LIMITS.serversMax, "which servers serve it").min(1).optional(),
  listen: listens.optional(),
  upstream: str('name of the upstream, or "worker:NAME", for what no route takes').optional(),
  tls: z
    .strictObject({ certificate: path("PEM file with the chain"), key: path("PEM file") })
    .optional()
    .describe("certificate of the site"),
  route: list(route, LIMITS.routesMax, "paths for files and for upstreams of their own").optional(),
  maintenance: maintenance.optional().describe("what clients get while the site is down"),
  exceptions: exceptions.optional().describe("who and what passes while the site is down"),
  settle: settle.optional().describe("how long a switch may take"),
  hold: hold.optional().describe("what bounds a hold"),
  ...answers,
});

export const specSchema = z
  .strictObject({
    state_dir: path(
      "modes, variants in force, journal, history of this spec alone; must survive a reboot",
    ).optional(),
    run_dir: path("control sockets and pid files").optional(),
    output: path("where fence render writes").optional(),
    server: named(server, "web servers that fence writes for"),
    upstream: named(upstream, "groups of backends").optional(),
    worker: named(worker, "FastCGI and other programs that fence workers runs").optional(),
    notify: named(notify, "who is told of each change, once it is over").optional(),
    site: named(site, "sites, each with a mode of its own"),
  })
  .describe("fence.toml");

export type RawSpec = z.infer<typeof specSchema>;
export type RawSite = RawSpec["site"][string];
export type RawServer = RawSpec["server"][string];
export type RawRoute = NonNullable<RawSite["route"]>[number];
export type RawListen = RawServer["listen"][number];

import { SHIPPED_LANGUAGES } from "../base/languages.js";
import type { ServerKind, WebServerKind } from "./types.js";

interface Default<T> {
  value: T;
  /** Why this value, one sentence. */
  why: string;
}

function given<T>(value: T, why: string): Default<T> {
  return { value, why };
}

/** Every default of the spec, by its key. Values are as a person would write them. */
export const DEFAULTS = {
  state_dir: given("/var/lib/fence", "a mode must survive a reboot, and /run does not"),
  run_dir: given("/run/fence", "sockets and pid files belong to one boot"),
  output: given("rendered", "beside the spec, so that both can be committed together"),
  "server.config": given(
    "standalone" as const,
    "a config that fence writes whole is one that fence can test whole",
  ),
  "server.user": given(null, "the server's own default is what its package set up"),
  "server.stat_cache": given(
    "simple" as const,
    "lighttpd's own default; it shows a new variant within one second",
  ),
  "server.module_dir": given("/usr/lib/nginx/modules", "where Debian's packages put them"),
  "server.access_log": given(null, "what is not read should not be written"),
  "server.metrics": given(null, "fence proxy status and the control socket tell the same figures"),
  "upstream.backends.weight": given(1, "backends are alike unless you know better"),
  "upstream.protocol": given("http" as const, "what most application servers speak"),
  "upstream.balance": given("round-robin" as const, "fair without anything to know of a request"),
  "upstream.hash_by": given("uri" as const, "each backend then caches its own part of the paths"),
  "upstream.max_connections": given(null, "the backend knows best how many it takes"),
  "upstream.queue.max": given(128, "a short queue hides a peak; a long one hides an overload"),
  "upstream.queue.timeout": given("10s", "a person has left by then"),
  "upstream.fail_timeout": given("5s", "a restarting backend is back soon, and a dead one costs little"),
  "upstream.connect_timeout": given("5s", "long enough for one lost packet and its repetition"),
  "upstream.read_timeout": given("60s", "what nginx waits, and applications are built around"),
  "upstream.send_timeout": given("30s", "a backend that reads nothing for so long is stuck"),
  "upstream.health.host": given(null, "the backend's address, as a check by hand would send"),
  "upstream.health.interval": given("5s", "seldom enough to cost nothing, often enough to matter"),
  "upstream.health.timeout": given("2s", "slower is as good as down"),
  "upstream.health.passes": given(2, "one good answer may be luck"),
  "upstream.health.fails": given(3, "one bad answer may be bad luck"),
  "upstream.health.status": given("200-399", "a redirect to a login page is a living application"),
  "upstream.cgi.index": given("index.php", "what PHP applications begin with"),
  "notify.secret_file": given(null, "who is asked over loopback or TLS knows its peer by that"),
  "notify.timeout": given("5s", "the change is over, and whoever made it waits for the end of the command"),
  "worker.cwd": given("/", "no folder is kept from being unmounted"),
  "worker.user": given(null, "a supervisor that is not root can give no other"),
  "worker.group": given(null, "what the system says of the user"),
  "worker.pass_env": given([] as readonly string[], "what a program does not know it cannot tell"),
  "worker.count": given(1, "how many more depends on what each of them costs"),
  "worker.socket.mode": given("0660", "the web server is let in by its group"),
  "worker.socket.owner": given(null, "the user of the worker"),
  "worker.socket.group": given(null, "the group of the worker"),
  "worker.backlog": given(511, "what nginx takes, and enough for a peak"),
  "worker.protocol": given("fastcgi" as const, "what programs speak that accept on descriptor 0"),
  "worker.ready.path": given("/", "fastcgi: without a path FCGI_GET_VALUES, which the library answers"),
  "worker.ready.host": given(null, "localhost"),
  "worker.ready.status": given("200-399", "a redirect to a login page is a living application"),
  "worker.ready.timeout": given("30s", "a program that compiles itself at its start takes its time"),
  "worker.stop_signal": given("TERM" as const, "what programs expect"),
  "worker.grace": given("30s", "what nearly all requests end within"),
  "worker.stop_timeout": given("10s", "a program that has not ended by then does not"),
  "worker.max_age": given(null, "a program that leaks is better mended"),
  "worker.restart.first": given("100ms", "one death is over at once"),
  "worker.restart.longest": given("30s", "what is mended is back soon"),
  "worker.restart.failures": given(10, "by then the pauses have come to their longest"),
  "worker.pid_file": given(null, "fence knows its workers without one"),
  "worker.cgi.index": given("index.php", "what PHP applications begin with"),
  "site.rewrite.request.remove": given(
    [] as readonly string[],
    "a client's fields are the backend's to read",
  ),
  "site.rewrite.response.remove": given([] as readonly string[], "an answer is the backend's to give"),
  "site.rewrite.location": given(
    [] as readonly { from: string; to: string }[],
    "backends know their address",
  ),
  "site.rewrite.cookie_domain": given([] as readonly { from: string; to: string }[], "as location"),
  "site.rewrite.cookie_path": given([] as readonly { from: string; to: string }[], "as location"),
  "site.sendfile.roots": given([] as readonly string[], "no file is sent that nobody named"),
  "site.sendfile.accel": given([] as readonly { prefix: string; dir: string }[], "as roots"),
  "site.compress.types": given(
    [
      "text/html",
      "text/css",
      "text/plain",
      "text/javascript",
      "application/javascript",
      "application/json",
      "application/xml",
      "image/svg+xml",
    ] as readonly string[],
    "text that is worth it; event streams are left alone",
  ),
  "site.compress.min_bytes": given(1024, "a smaller answer fits into one packet as it is"),
  "site.compress.encodings": given(["br", "gzip"] as readonly ("br" | "gzip")[], "the smaller one first"),
  "site.route.precompressed": given(false, "looking for files that nobody made costs a look at the disk"),
  "site.route.strip_prefix": given(false, "most applications know where they are mounted"),
  "site.route.add_prefix": given("", "the backend is asked for what the client asks for"),
  "site.upstream": given(null, "a site of files alone needs none"),
  "site.route.fallback.append": given("path" as const, "a bucket that mirrors the folder is the common case"),
  "site.maintenance.status": given(
    503,
    "RFC 9110: the server is down for maintenance, come back later; caches and crawlers know it",
  ),
  "site.maintenance.retry_after": given(
    "2m",
    "long enough not to hammer, short enough not to lose a visitor",
  ),
  "site.maintenance.header": given("X-Maintenance-Mode", "the name that monitors have looked for since 2008"),
  "site.maintenance.title": given(null, "Down for maintenance, in the language of the page: plain words"),
  "site.maintenance.languages": given(
    SHIPPED_LANGUAGES as readonly string[],
    "all that fence knows: visitors read their own language best",
  ),
  "site.maintenance.message": given("", "nothing is better than a promise nobody made"),
  "site.maintenance.reason": given("", "not every reason is for the public"),
  "site.maintenance.paths": given(["/"] as readonly string[], "down means all of the site"),
  "site.maintenance.on_expiry": given(
    "alert" as const,
    "work that takes longer than announced is not done because the clock says so",
  ),
  "site.exceptions.acme": given(true, "a certificate must not expire because a site is down"),
  "site.exceptions.health.while_down": given(
    "pass" as const,
    "what a load balancer sees is the backend's own health",
  ),
  "site.settle.delay": given("0s", "the proof says when it is done; a wait adds nothing to it"),
  "site.settle.timeout": given("10s", "ten times what the slowest server measured needs"),
  "site.hold.max_wait": given("30s", "browsers and load balancers commonly wait for twice as long"),
  "site.hold.max_held": given(1024, "what a burst brings, and little to keep in memory"),
  "site.hold.max_held_per_client": given(32, "no client may take all the places"),
  "site.hold.max_body": given(
    65_536,
    "most requests are smaller, and one that is read whole shows at once when its client leaves",
  ),
  "site.hold.for": given("60s", "a forgotten hold never lasts"),
  "site.hold.on_expiry": given("down" as const, "whatever was upgraded has not been found well"),
  "site.hold.release_concurrency": given(null, "what max_connections of the upstream lets through, else 64"),
  "site.hold.drain_timeout": given("30s", "a request that takes longer is better looked at"),
} as const;

/** Worker processes when the spec names none. */
export const DEFAULT_WORKERS: Readonly<Record<WebServerKind, number>> = {
  lighttpd: 0,
  "nginx-lua": 2,
  nginx: 2,
  proxy: 1,
};

/** HTTP/2 on a listener with TLS when the spec does not say. */
export const DEFAULT_HTTP2: Readonly<Record<ServerKind, boolean>> = {
  lighttpd: true,
  "nginx-lua": true,
  nginx: true,
  proxy: false,
  gate: false,
};

/** The binary when the spec names none; found in the system's program folders. */
export const DEFAULT_PROGRAM: Readonly<Record<WebServerKind, string>> = {
  lighttpd: "lighttpd",
  "nginx-lua": "nginx",
  nginx: "nginx",
  // Nothing to install: it is the name by which a running one is known.
  proxy: "fence-proxy",
};

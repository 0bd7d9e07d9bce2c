import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsOfLive } from "../../src/servers/lighttpd-limits.js";
import { parseSpec } from "../../src/spec/parse.js";

/** Level and key of what is told of a spec with these lines for the upstream and for the site. */
function told(upstream: string, site: string, backends: readonly string[] = ["127.0.0.1:9000"]): string[] {
  const text = `state_dir = "/s"\nrun_dir = "/r"\noutput = "o"
[server.web]\nkind = "lighttpd"\nlisten = ["127.0.0.1:80"]
[site.main]\nhosts = ["main.test"]\nupstream = "app"\n${site}
[upstream.app]\nbackends = ${JSON.stringify(backends)}\n${upstream}\n`;
  const spec = parseSpec(text, "/etc/fence.toml", () => "");
  const [server] = spec.servers;
  assert.ok(server);
  return limitsOfLive(spec, server).map(({ level, sentence }) => `${level} ${sentence.split(" of [")[0]}`);
}

/** Rows of [lines of the upstream, lines of the site, what is told]. */
const ROWS: readonly (readonly [string, string, readonly string[]])[] = [
  ["", "", []],
  ['balance = "random"', "", ["refuse balance"]],
  ['balance = "hash"', "", []],
  ['balance = "hash"\nhash_by = { cookie = "sid" }', "", ["refuse balance"]],
  ['read_timeout = "1500ms"', "", ["note Times"]],
  ['protocol = "scgi"', "", []],
  ["", 'rewrite = { response = { set = { Server = "x" } } }', []],
  ["", 'rewrite = { response = { remove = ["server"] } }', ["refuse rewrite.response"]],
  ["", 'sendfile = { roots = ["/srv/files"] }', ["note sendfile.roots"]],
  ["", 'sendfile = { accel = [{ prefix = "/p/", dir = "/srv/p" }] }', ["refuse sendfile.accel"]],
  ["", 'exceptions = { trusted_proxies = ["10.0.0.0/8"] }', ["note X-Forwarded-Host"]],
  ["", "compress = {}", []],
];

for (const [upstream, site, expected] of ROWS) {
  const what = [upstream, site].filter((text) => text !== "").join(" and ") || "a plain spec";
  test(`lighttpd tells of ${what.replaceAll("\n", ", ")}: ${expected.length} limits`, () => {
    assert.deepEqual(told(upstream, site), expected);
  });
}

test("lighttpd refuses a hash of backends that only their ports tell apart, and takes others", () => {
  const levels = (balance: string, ...backends: readonly string[]): string[] =>
    told(`balance = "${balance}"`, "", backends);
  assert.deepEqual(levels("hash", "127.0.0.1:9000", "127.0.0.1:9001"), ["refuse balance"]);
  assert.deepEqual(levels("hash", "127.0.0.1:9000", "127.0.0.2:9000"), []);
  assert.deepEqual(levels("hash", "unix:/run/a.sock", "unix:/run/b.sock", "127.0.0.1:9000"), []);
  assert.deepEqual(levels("sticky", "127.0.0.1:9000", "127.0.0.1:9001"), []);
});

test("lighttpd refuses a variable that it tells by itself, and takes others", () => {
  const cgi = (name: string): string => `protocol = "uwsgi"\ncgi = { params = { ${name} = "x" } }`;
  assert.ok(told(cgi("SERVER_NAME"), "").includes("refuse cgi.params"));
  assert.ok(!told(cgi("APP_ENV"), "").includes("refuse cgi.params"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { limitsOfLive } from "../../src/servers/nginx-limits.js";
import { parseSpec } from "../../src/spec/parse.js";

/** What is told of a spec with these lines for the upstream and for the site, without the kinds that can. */
function told(upstream: string, site = ""): string[] {
  const text = `state_dir = "/s"\nrun_dir = "/r"\noutput = "o"
[server.web]\nkind = "nginx"\nlisten = ["127.0.0.1:80"]
[site.main]\nhosts = ["main.test"]\nupstream = "app"\n${site}
[upstream.app]\nbackends = ["127.0.0.1:9000"]\n${upstream}\n`;
  const spec = parseSpec(text, "/etc/fence.toml", () => "");
  const [server] = spec.servers;
  assert.ok(server);
  const limits = limitsOfLive(spec, server);
  for (const { site: name } of limits) assert.equal(name, "main");
  return limits.map(
    ({ level, sentence }) => `${level}: ${sentence.replace(/[:;] .*/, "").replace(/,.*/, "")}`,
  );
}

/** Rows of [lines of the upstream, lines of the site, what is told]. */
const ROWS: readonly (readonly [string, string, readonly string[]])[] = [
  ["", "", []],
  ["max_connections = 5", "", ["refuse: max_connections of [upstream.app]"]],
  ["max_connections = 5\nqueue = { max = 0 }", "", []],
  ['balance = "hash"\nhash_by = { header = "X-User" }', "", []],
  ['balance = "hash"\nhash_by = { header = "X_User" }', "", ["refuse: hash_by of [upstream.app]"]],
  ['fail_timeout = "2s"', "", []],
  ['fail_timeout = "2500ms"', "", ["note: fail_timeout of [upstream.app] is rounded up to whole seconds"]],
  [
    "",
    'rewrite = { response = { set = { Server = "x" }, remove = ["date", "X-A"] } }',
    ["refuse: rewrite.response of [site.main]", "refuse: rewrite.response of [site.main]"],
  ],
  ["", 'rewrite = { cookie_path = [{ from = "/a/", to = "/" }] }', []],
  [
    'protocol = "scgi"',
    'rewrite = { cookie_path = [{ from = "/a/", to = "/" }] }',
    ["refuse: rewrite of cookies of [site.main]"],
  ],
  [
    'protocol = "uwsgi"',
    'exceptions = { trusted_proxies = ["10.0.0.0/8"] }',
    ["note: REMOTE_ADDR of [upstream.app] is the trusted proxy's address"],
  ],
  ["", 'sendfile = { roots = ["/srv/files"] }', ["refuse: sendfile.roots of [site.main]"]],
  ["", 'sendfile = { accel = [{ prefix = "/p/", dir = "/srv/p" }] }', []],
  [
    "",
    'sendfile = { accel = [{ prefix = "/", dir = "/srv/p" }] }',
    ["refuse: sendfile.accel of [site.main]"],
  ],
  [
    "",
    'sendfile = { accel = [{ prefix = "/p/", dir = "/srv/p" }] }\nroute = [{ path = "/p/", dir = "/srv/q" }]',
    [],
  ],
  [
    "",
    'route = [{ path = "/p/", dir = "/srv/q", precompressed = true }]',
    ["note: precompressed of [site.main]"],
  ],
  ["", 'compress = { encodings = ["gzip"] }', []],
  ["", "compress = {}", ["note: compress of [site.main]"]],
  ["", 'compress = { encodings = ["br"] }', ["refuse: compress.encodings of [site.main]"]],
  [
    "",
    'compress = { encodings = ["gzip"], types = ["text/*"] }',
    ["refuse: compress.types of [site.main]", "note: compress.types of [site.main]"],
  ],
];

for (const [upstream, site, expected] of ROWS) {
  const what = [upstream, site].filter((text) => text !== "").join(" and ") || "a plain spec";
  test(`nginx tells of ${what.replaceAll("\n", ", ")}: ${expected.length} limits`, () => {
    assert.deepEqual(told(upstream, site), expected);
  });
}

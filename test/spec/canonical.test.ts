import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSpec } from "../../src/spec/parse.js";
import type { Site, Spec } from "../../src/spec/types.js";
import { httpAt, httpsAt } from "../support/listen.js";

const BASE = `[server.web]
kind = "nginx-lua"
listen = ["0.0.0.0:80", "[0:0::0]:80", { address = "127.0.0.1:443", tls = true }]
[server.edge]
kind = "lighttpd"
listen = ["127.0.0.1:8080"]
[upstream.app]
backends = ["127.0.0.1:8081", { address = "[::1]:8082", weight = 3 }, "unix:/run/app.sock", "app.internal:80"]
`;
const TLS = `tls = { certificate = "tls/c.pem", key = "/k.pem" }\n`;

function parse(site: string, base = BASE): Spec {
  return parseSpec(`${base}[site.main]\n${site}`, "/etc/fence/fence.toml", () => "<p>");
}

function siteOf(lines: string): Site {
  const [site] = parse(`hosts = ["a.example"]\nupstream = "app"\n${TLS}${lines}`).sites;
  if (site === undefined) throw new Error("no site");
  return site;
}

test("Every default is filled in", () => {
  const spec = parse(`hosts = ["a.example"]\nupstream = "app"\n${TLS}`);
  assert.equal(spec.stateDir, "/var/lib/fence");
  assert.equal(spec.runDir, "/run/fence");
  assert.equal(spec.outputDir, "/etc/fence/rendered");
  const [web, edge] = spec.servers;
  assert.deepEqual(
    [web, edge].map((server) => [
      server?.program,
      server?.workers,
      server?.pidFile,
      server?.moduleDir,
      server?.statCache,
    ]),
    [
      ["nginx", 2, "/run/fence/web/server.pid", "/usr/lib/nginx/modules", "simple"],
      ["lighttpd", 0, "/run/fence/edge/server.pid", null, "simple"],
    ],
  );
  const [site] = spec.sites;
  assert.deepEqual(site?.maintenance, {
    status: 503,
    retryAfterSec: 120,
    header: "X-Maintenance-Mode",
    headers: [],
    pageHtml: null,
    page: {
      languages: ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "zh", "ar"],
      template: null,
      logo: null,
      statusUrl: null,
      contact: null,
      texts: {},
    },
    title: null,
    message: "",
    reason: "",
    paths: ["/"],
    corsOrigins: [],
    onExpiry: "alert",
  });
  assert.deepEqual(site.exceptions, { allow: [], trustedProxies: [], pass: [], acme: true, health: null });
  assert.deepEqual(site.settle, { delayMs: 0, timeoutMs: 10_000 });
});

test("A site has the listens of each of its servers, or its own", () => {
  const both = siteOf("");
  assert.deepEqual(both.servers, ["web", "edge"]);
  assert.deepEqual(both.listen["web"], [httpAt(80, "0.0.0.0"), httpAt(80, "::"), httpsAt(443, true)]);
  const own = siteOf('servers = ["edge"]\nlisten = ["[::FFFF:10.0.0.1]:9000"]\n');
  assert.deepEqual(own.listen, { edge: [httpAt(9000, "::ffff:a00:1")] });
});

test("TLS means HTTP/2 beside it, but for the proxy, which has to be asked", () => {
  const listens =
    '[{ address = "0.0.0.0:443", tls = true }, { address = "0.0.0.0:444", tls = true, http2 = KEY }]';
  const http2 = (kind: string, key: boolean) =>
    parseSpec(
      `[server.web]\nkind = "${kind}"\nlisten = ${listens.replace("KEY", String(key))}\n` +
        '[upstream.app]\nbackends = ["127.0.0.1:1"]\n' +
        '[site.main]\nhosts = ["a.test"]\nupstream = "app"\ntls = { certificate = "/c", key = "/k" }\n',
      "/etc/fence/fence.toml",
      () => "",
    ).servers[0]?.listen.map((listen) => listen.http2);
  assert.deepEqual(http2("nginx", false), [true, false]);
  assert.deepEqual(http2("lighttpd", true), [true, true]);
  assert.deepEqual(http2("proxy", true), [false, true]);
});

test("Hosts are lower case and ASCII", () => {
  const { sites } = parse(
    `hosts = ["WWW.Example.COM", "*.Bücher.example", "日本.example"]\nupstream = "app"\n${TLS}`,
  );
  assert.deepEqual(sites[0]?.hosts, ["www.example.com", "*.xn--bcher-kva.example", "xn--wgv71a.example"]);
});

test("Backends are addresses, names or sockets, with or without a weight", () => {
  assert.deepEqual(parse(`hosts = ["a.example"]\nupstream = "app"\n${TLS}`).upstreams[0]?.backends, [
    { kind: "tcp", host: "127.0.0.1", port: 8081, weight: 1 },
    { kind: "tcp", host: "::1", port: 8082, weight: 3 },
    { kind: "unix", path: "/run/app.sock", weight: 1 },
    { kind: "tcp", host: "app.internal", port: 80, weight: 1 },
  ]);
});

describe("Paths", () => {
  test("of files are absolute, without a / at their end", () => {
    const site = siteOf('[[site.main.route]]\npath = "/a/"\ndir = "www/"\n');
    assert.equal(site.routes[0]?.dir, "/etc/fence/www");
    assert.deepEqual(site.tls, { certificate: "/etc/fence/tls/c.pem", key: "/k.pem" });
  });

  test("of pass rules keep their kind; a bare string is a prefix, which has no / at its end", () => {
    const rules = '["/a/", { prefix = "/b/" }, { exact = "/c/" }, { regex = "^/d$" }, "/"]';
    assert.deepEqual(siteOf(`[site.main.exceptions]\npass = ${rules}\n`).exceptions.pass, [
      { match: "prefix", value: "/a" },
      { match: "prefix", value: "/b" },
      { match: "exact", value: "/c/" },
      { match: "regex", value: "^/d$" },
      { match: "prefix", value: "/" },
    ]);
  });
});

test("Addresses are canonical, IPv4 in IPv6 as IPv4", () => {
  const { allow } = siteOf(
    '[site.main.exceptions]\nallow = ["::ffff:10.0.0.0/104", "2001:DB8::/32"]\n',
  ).exceptions;
  assert.deepEqual(
    allow.map(({ family, text }) => [family, text]),
    [
      [4, "10.0.0.0/8"],
      [6, "2001:db8::/32"],
    ],
  );
});

test("Headers keep their order", () => {
  const headers = '{ "X-B" = "1", "X-A" = "é", "9" = "z" }';
  const names = siteOf(`[site.main.maintenance]\nheaders = ${headers}\n`).maintenance.headers.map(
    ({ name }) => name,
  );
  assert.deepEqual([...names].sort(), ["9", "X-A", "X-B"]);
  assert.ok(names.indexOf("X-B") < names.indexOf("X-A"));
});

test("Reading a spec leaves Object.prototype alone", () => {
  const toml = `${BASE}[site.main]\nhosts=["a.example"]\n__proto__.polluted = 1\n[__proto__]\npolluted = 1\n`;
  assert.throws(() => parseSpec(toml, "/f", () => ""), { code: "spec-invalid" });
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { EncodeError } from "../../src/servers/adapter.js";
import { lighty, lightyRegex } from "../../src/servers/encode-lighttpd.js";
import { lighttpd } from "../../src/servers/lighttpd.js";
import { hostRegex } from "../../src/servers/lighttpd-sites.js";
import { modeValues, serverOn, siteNamed, specOf, variantText } from "../support/lighttpd.js";
import { upstreamOf } from "../support/spec-parts.js";

const server = serverOn("/srv/fence", 80);

function spec(...sites: ReturnType<typeof siteNamed>[]) {
  return specOf("/srv/fence", [server], sites, [
    upstreamOf("app", [{ kind: "tcp", host: "127.0.0.1", port: 8080 }]),
  ]);
}

test("a string of lighttpd.conf escapes the quote and nothing else", () => {
  assert.equal(lighty('a"b'), '"a\\"b"');
  assert.equal(lighty("C:\\x"), '"C:\\x"');
  assert.equal(lighty(""), '""');
});

test("lighttpd.conf refuses what it cannot carry", () => {
  for (const value of ["x\\", "a\nb", "a\0b", "a\u007fb", "\ud800"])
    assert.throws(() => lighty(value), EncodeError, JSON.stringify(value));
  for (const value of ["a\nb", "a\0b", "\udfff"])
    assert.throws(() => lightyRegex(value), EncodeError, JSON.stringify(value));
});

test("a literal inside a regular expression is readable where it can be", () => {
  assert.equal(lightyRegex("/a-b_c/d.png"), "/a-b_c/d\\.png");
  assert.equal(lightyRegex('\\"'), "\\x5c\\x22");
});

test("a host matches by its own names, with any port, and no other name", () => {
  const main = siteNamed("main", server, { hosts: ["www.example.com", "*.example.com"] });
  const api = siteNamed("api", server, { hosts: ["api.example.com", "*.eu.example.com"] });
  const of = (site: typeof main) => new RegExp(hostRegex(site, [main, api]));
  const rows: [string, "main" | "api" | null][] = [
    ["www.example.com", "main"],
    ["www.example.com:8080", "main"],
    ["www.example.com.", "main"],
    ["a.b.example.com", "main"],
    ["api.example.com", "api"],
    ["api.example.com:80", "api"],
    ["x.api.example.com", "main"],
    ["x.eu.example.com", "api"],
    ["eu.example.com", "main"],
    ["example.com", null],
    ["wwwxexample.com", null],
    ["www.example.com.evil.test", null],
    ["evilexample.com", null],
  ];
  for (const [host, expected] of rows) {
    const found = [of(main).test(host) && "main", of(api).test(host) && "api"].filter(Boolean);
    assert.deepEqual(found, expected === null ? [] : [expected], host);
  }
});

test("every version that lacks the Lua interface or breaks it is unfit, with a reason", () => {
  const rows: [string, boolean][] = [
    ["1.4.35", false],
    ["1.4.59", false],
    ["1.4.60", true],
    ["1.4.69", true],
    ["1.4.82", true],
    ["1.4.83", false],
    ["1.4.84", false],
    ["1.4.85", true],
    ["1.5.0", false],
    ["2.0.0", false],
  ];
  for (const [version, fit] of rows)
    assert.equal(lighttpd.unfit(version, "\t+ LUA support").length, fit ? 0 : 1, version);
  assert.match(lighttpd.unfit("1.4.69", "Features:\n\t- LUA support\n")[0] ?? "", /Lua/);
});

test("the version is read from what lighttpd -V prints", () => {
  assert.equal(
    lighttpd.version?.pattern.exec("lighttpd/1.4.69 (ssl) - a light and fast webserver\n")?.[1],
    "1.4.69",
  );
});

test("a control socket with too long a path is refused", () => {
  const long = { ...spec(siteNamed("main", server)), runDir: `/run/${"x".repeat(120)}` };
  const levels = lighttpd.limits(long, server).map((limit) => limit.level);
  assert.ok(levels.includes("refuse"));
});

test("what all sites may have to hold is weighed against the connections of lighttpd", () => {
  const toldOf = (maxHeld: number, config: "standalone" | "include" = "standalone"): string[] => {
    const site = siteNamed("main", server);
    const own = spec({ ...site, upstream: "app", hold: { ...site.hold, maxHeld } });
    return lighttpd
      .limits(own, { ...server, config })
      .map(({ sentence }) => sentence)
      .filter((sentence) => sentence.startsWith("max_held"));
  };
  assert.deepEqual(toldOf(4999), []);
  assert.match(toldOf(5000).join(), /comes to 5000 connections, and lighttpd takes 5000 in all/);
  assert.match(toldOf(100, "include").join(), /server\.max-connections must be above that/);
});

test("the first line of a variant carries its mode and generation", () => {
  const site = siteNamed("main", server);
  for (const mode of ["up", "down"] as const) {
    const [first] = variantText(spec(site), server, site, modeValues(mode, 12)).split("\n");
    assert.match(first ?? "", new RegExp(`\\bvariant=${mode} generation=12 site=main\\b`));
  }
});

test("overlapping ranges are merged, so that the search by halves is right", () => {
  const digits = (text: string) => text.padStart(32, "0");
  const cidr = (first: string, last: string) => ({
    family: 6 as const,
    text: first,
    first: digits(first),
    last: digits(last),
  });
  const site = siteNamed("main", server, {
    exceptions: { allow: [cidr("50", "5f"), cidr("10", "1f"), cidr("11", "12"), cidr("18", "2f")] },
  });
  const text = variantText(spec(site), server, site, modeValues("down", 1));
  const allow = text.slice(text.indexOf("allow = {"), text.indexOf("trusted = {"));
  assert.deepEqual(
    [...allow.matchAll(/0{30}(..)/g)].map((match) => match[1]),
    ["10", "2f", "50", "5f"],
  );
});

test("in include mode the main config is not written, and there is nothing to test", () => {
  const include = { ...server, config: "include" as const };
  const paths = lighttpd.files(spec(siteNamed("main", include)), include).map((file) => file.path);
  assert.ok(!paths.includes("lighttpd.conf"));
  assert.ok(paths.includes("gate.conf"));
  assert.equal(lighttpd.configTest(include, "/x"), null);
});

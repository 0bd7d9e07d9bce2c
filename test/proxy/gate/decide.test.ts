import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { preferredBody, rememberedBody } from "../../../src/proxy/gate/accept.js";
import { decide, gateOf, type GateRequest } from "../../../src/proxy/gate/decide.js";
import { ruleTest } from "../../../src/spec/path-rules.js";
import { addressOf } from "../../../src/proxy/wire/addresses.js";
import { PROBE_PATH } from "../../../src/servers/probe-path.js";
import type { Cidr } from "../../../src/spec/types.js";
import { siteOf } from "../../support/nginx.js";

const cidr = (text: string): Cidr => ({ family: 4, text, first: "", last: "" });
const ORIGIN = "https://app.example.com";
const PREFLIGHT = `Origin: ${ORIGIN}\r\nAccess-Control-Request-Method: PUT\r\n`;

const site = siteOf("main", {
  maintenance: { ...siteOf("x").maintenance, paths: ["/app", "/shop/"], corsOrigins: [ORIGIN] },
  exceptions: {
    allow: [cidr("192.0.2.0/24")],
    trustedProxies: [],
    pass: [
      { match: "prefix", value: "/app/hooks" },
      { match: "exact", value: "/app/status" },
      { match: "regex", value: "^/app/v[0-9]+/ping$" },
    ],
    acme: true,
    health: { path: "/app/health", whileDown: "ok" },
  },
});
const asked = (rest: Partial<GateRequest> = {}): GateRequest => ({
  method: "GET",
  path: "/app",
  fields: "",
  client: () => addressOf("198.51.100.1"),
  hasBypass: () => false,
  ...rest,
});

describe("The gate", () => {
  const gate = gateOf(site);
  const rows: readonly (readonly [string, Partial<GateRequest>, string])[] = [
    ["a bypass passes", { hasBypass: () => true }, "bypass"],
    ["the probe is never exempt, whatever it has", { path: PROBE_PATH, hasBypass: () => true }, "down"],
    ["the probe is never exempt", { path: PROBE_PATH, client: () => addressOf("192.0.2.1") }, "down"],
    ["a path that does not go down", { path: "/other" }, "live"],
    ["a prefix ends on a border", { path: "/apple" }, "live"],
    ["a prefix with its border", { path: "/shop" }, "live"],
    ["below such a prefix", { path: "/shop/x" }, "down"],
    ["health", { path: "/app/health" }, "health-ok"],
    ["health is asked for by GET and HEAD alone", { path: "/app/health", method: "POST" }, "down"],
    ["a pass prefix", { path: "/app/hooks/x" }, "live"],
    ["a pass prefix ends on a border", { path: "/app/hooksx" }, "down"],
    ["an exact pass rule", { path: "/app/status" }, "live"],
    ["no more than it", { path: "/app/status/" }, "down"],
    ["a regex", { path: "/app/v12/ping" }, "live"],
    ["its end is the end of the path", { path: "/app/v12/ping\n" }, "down"],
    ["an allowed client", { client: () => addressOf("192.0.2.7") }, "allow"],
    ["one that cannot be told", { client: () => null }, "down"],
    ["a preflight", { method: "OPTIONS", fields: PREFLIGHT }, "preflight"],
    [
      "a preflight of another origin",
      { method: "OPTIONS", fields: PREFLIGHT.replace("app", "evil") },
      "down",
    ],
    ["an OPTIONS that is none", { method: "OPTIONS" }, "down"],
    ["anything else", {}, "down"],
  ];
  for (const [name, rest, decision] of rows) {
    test(`${name}: ${decision}`, () => assert.equal(decide(gate, asked(rest)), decision));
  }

  test("asks for the client's address only when an exception depends on it", () => {
    const client = (): never => assert.fail("asked");
    assert.equal(decide(gateOf(siteOf("plain")), asked({ client })), "down");
    assert.equal(decide(gate, asked({ path: "/other", client })), "live");
  });

  test("ACME passes unless the spec says otherwise", () => {
    const path = "/.well-known/acme-challenge/x";
    assert.equal(decide(gateOf(siteOf("a")), asked({ path })), "live");
    const without = siteOf("a", { exceptions: { ...siteOf("a").exceptions, acme: false } });
    assert.equal(decide(gateOf(without), asked({ path })), "down");
  });
});

test("A pass regex means what PCRE means by it", () => {
  const matches = (pattern: string, path: string): boolean =>
    ruleTest({ match: "regex", value: pattern })(path);
  assert.equal(matches("^/a\\sb$", "/a b"), true);
  assert.equal(matches("^/a\\sb$", "/a\u00a0b"), false);
  assert.equal(matches("^/a[\\s]b$", "/a\tb"), true);
  assert.equal(matches("^/a.b$", "/a\rb"), true);
  assert.equal(matches("^/a.b$", "/a\nb"), false);
  assert.equal(matches("^/a[.]b$", "/axb"), false);
  assert.equal(matches("^/a\\.b$", "/axb"), false);
});

test("Which body a client gets follows the greatest q of what it names", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["", "html"],
    ["*/*", "html"],
    ["application/json", "json"],
    ["application/vnd.api+json", "json"],
    ["application/json;q=0", "html"],
    ["application/json;q=0.5, text/html;q=0.49", "json"],
    ["application/json;q=0.5, text/html;q=0.5", "html"],
    ["application/json ; charset=utf-8 ; q=0.4, text/html ; level=1 ; q=0.3", "json"],
    ["application/json;q=nonsense", "html"],
    ["text/plain", "text"],
    ["text/plain, */*;q=0.1", "html"],
    ["text/plain, */*;q=0", "text"],
    ["text/plain;q=0", "html"],
    [",,;, text/html;q", "html"],
  ];
  for (const [accept, kind] of rows) assert.equal(preferredBody(accept), kind, accept);
  for (let more = 0; more < 1000; more += 1) rememberedBody(`x/${more}`);
  for (const [accept, kind] of [...rows, ...rows]) assert.equal(rememberedBody(accept), kind, accept);
});

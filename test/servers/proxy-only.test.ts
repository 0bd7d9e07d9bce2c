import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { refuseProxyOnly } from "../../src/servers/proxy-only.js";
import { adapterOf } from "../../src/servers/registry.js";
import { parseSpec } from "../../src/spec/parse.js";
import type { Server, Spec } from "../../src/spec/types.js";

const SNAPSHOTS = new URL("../../../snapshots/render/", import.meta.url);

/** A spec that says something by every key of the proxy. */
const FULL = parse(readFileSync(new URL("proxy-all-keys/fence.toml", SNAPSHOTS), "utf8"));
const PLAIN = parse(readFileSync(new URL("proxy/fence.toml", SNAPSHOTS), "utf8"));

function parse(text: string): Spec {
  return parseSpec(text, "/etc/fence/fence.toml", () => "<p>");
}

function firstOf({ servers: [server] }: Spec): Server {
  if (server === undefined) throw new Error("no server");
  return server;
}

/** Of the keys that are refused, what stands before the first space. */
function refused(spec: Spec, server: Partial<Server>): string[] {
  const limits = refuseProxyOnly(spec, { ...firstOf(spec), ...server });
  for (const { level } of limits) assert.equal(level, "refuse");
  return limits.map(({ sentence }) => sentence.replace(/^(\S+ of \[\S+\]).*$/, "$1"));
}

describe("What the proxy alone can do", () => {
  const ofUpstreams = [
    ...["balance", "max_connections", "fail_timeout", "connect_timeout", "read_timeout", "send_timeout"].map(
      (key) => `${key} of [upstream.app]`,
    ),
    "health of [upstream.app]",
    "backends.weight of [upstream.app]",
    ...["protocol", "balance", "health"].map((key) => `${key} of [upstream.php]`),
    ...["protocol", "balance"].map((key) => `${key} of [upstream.python]`),
  ];
  const ofSites = [
    ...["request", "response", "location", "cookie_domain", "cookie_path"].map(
      (key) => `rewrite.${key} of [site.main]`,
    ),
    ...["sendfile", "compress", "route.precompressed"].map((key) => `${key} of [site.main]`),
    "compress of [site.php]",
  ];

  test("is refused key by key on a server that cannot, and named once", () => {
    assert.deepEqual(refused(FULL, {}).sort(), [...ofUpstreams, ...ofSites].sort());
  });

  test("is refused with the kinds that can", () => {
    const sentences = refuseProxyOnly(FULL, { ...firstOf(FULL), kind: "nginx" }).map(
      ({ sentence }) => sentence,
    );
    assert.deepEqual(sentences, [
      'health of [upstream.app] is not for kind "nginx"; serve the site by kind "proxy", or remove it.',
      'health of [upstream.php] is not for kind "nginx"; serve the site by kind "proxy", or remove it.',
    ]);
    const [first] = refuseProxyOnly(FULL, { ...firstOf(FULL), kind: "gate" });
    assert.equal(
      first?.sentence,
      'balance of [upstream.app] is not for kind "gate"; serve the site by kind "lighttpd", "nginx", "nginx-lua" or "proxy", or remove it.',
    );
  });

  test("is followed by the proxy, every key of it", () => {
    const limits = adapterOf("proxy").limits(FULL, firstOf(FULL));
    assert.deepEqual(
      limits.filter(({ level }) => level === "refuse"),
      [],
    );
  });

  test("is refused by the proxy where there are no answers to be compressed", () => {
    const sites = FULL.sites.map((site) => ({ ...site, upstream: null }));
    const limits = adapterOf("proxy").limits({ ...FULL, sites }, firstOf(FULL));
    assert.deepEqual(
      limits.filter(({ level }) => level === "refuse").map(({ sentence }) => sentence.split(",", 1)[0]),
      ["main", "php"].map((site) => `compress of [site.${site}] is for answers of backends`),
    );
  });

  test("is not refused where nobody asked for it", () => {
    assert.deepEqual(refused(PLAIN, {}), []);
  });

  test("is not refused for what another server serves", () => {
    assert.deepEqual(refused(FULL, { name: "another" }), []);
  });

  test("is not refused of upstreams in a config of the user's own, which has its own", () => {
    assert.deepEqual(refused(FULL, { config: "include" }).sort(), [...ofSites].sort());
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { refuseProxyOnly } from "../../src/servers/proxy-only.js";
import { adapterOf } from "../../src/servers/registry.js";
import { parseSpec } from "../../src/spec/parse.js";
import { SERVER_KINDS, type Server, type Spec } from "../../src/spec/types.js";

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
function refused(spec: Spec, server: Partial<Server>, honoured?: ReadonlySet<string>): string[] {
  const limits = refuseProxyOnly(spec, { ...firstOf(spec), ...server }, honoured);
  for (const { level } of limits) assert.equal(level, "refuse");
  return limits.map(({ sentence }) => sentence.replace(/^(\S+ of \[\S+\]).*$/, "$1"));
}

describe("What the proxy alone can do", () => {
  const ofUpstreams = [
    ...["balance", "max_connections", "fail_timeout", "connect_timeout", "read_timeout", "send_timeout"].map(
      (key) => `${key} of [upstream.app]`,
    ),
    "health of [upstream.app]",
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

  test("is refused by every kind but the proxy, with the site and the kind that can", () => {
    for (const kind of SERVER_KINDS) {
      const limits = adapterOf(kind).limits(FULL, { ...firstOf(FULL), kind, statCache: "inotify" });
      const named = limits.filter(({ sentence }) => sentence.includes('for kind "proxy" alone'));
      assert.equal(named.length > 0, kind !== "proxy", kind);
      for (const { site } of named) assert.ok(site !== null);
    }
  });

  test("is refused by the proxy, too, as long as it takes no notice of it", () => {
    const limits = adapterOf("proxy").limits(FULL, firstOf(FULL));
    const named = limits.filter(({ sentence }) => sentence.includes("not supported yet; remove it"));
    assert.deepEqual(
      named.map(({ level }) => level),
      named.map(() => "refuse"),
    );
    assert.ok(!named.some(({ sentence }) => sentence.startsWith("protocol ")));
    assert.deepEqual(
      adapterOf("proxy")
        .limits(PLAIN, firstOf(PLAIN))
        .filter(({ sentence }) => sentence.includes("not supported yet; remove it")),
      [],
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

  test("is not refused where a kind follows the key after all", () => {
    const left = refused(FULL, {}, new Set(["balance", "compress"]));
    assert.deepEqual(
      left.filter((key) => /^(?:balance|compress) /.test(key)),
      [],
    );
    assert.equal(left.length, ofUpstreams.length + ofSites.length - 5);
  });
});

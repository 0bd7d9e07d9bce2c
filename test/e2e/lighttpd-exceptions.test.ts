import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Exceptions } from "../../src/spec/types.js";
import { ask, type Ask } from "../support/ask.js";
import { range } from "../support/lighttpd.js";
import { createStage, type Stage, type StageOptions } from "../support/lighttpd-stage.js";
import { needs } from "../support/needs.js";

const PROBE = "/.well-known/fence/probe";
const LOOPBACK = [
  range("127.0.0.1/32", "7f000001", "7f000001"),
  range("::1/128", "0".repeat(31) + "1", "0".repeat(31) + "1"),
];
const V6 = range("2001:db8::/32", "20010db8" + "0".repeat(24), "20010db8" + "f".repeat(24));
const V4 = range("192.0.2.0/25", "c0000200", "c000027f");

function site(exceptions: Partial<Exceptions>, paths = ["/"]): StageOptions {
  return { main: { exceptions, maintenance: { paths } } };
}

/** Starts a stage that is down, for one suite. */
function staged(options: StageOptions): { get: (more?: Partial<Ask>) => Promise<"live" | "down" | string> } {
  let stage: Stage;
  before(async () => {
    stage = await createStage(options);
    await stage.switch("down");
  });
  after(() => stage.end());
  return {
    async get(more = {}) {
      const answer = await ask({ port: stage.port, ...more, headers: { Host: "main.test", ...more.headers } });
      if (answer.headers["x-maintenance-mode"] === "1") return "down";
      return answer.body === "live\n" ? "live" : `${answer.status} ${answer.body}`;
    },
  };
}

suite("addresses that pass while a site is down on lighttpd", needs("lighttpd"), () => {
  const { get } = staged(site({ allow: [V4, V6], trustedProxies: [...LOOPBACK, range("10.0.0.0/8", "0a000000", "0affffff")] }));

  test("behind trusted proxies the last untrusted address of X-Forwarded-For decides", async () => {
    const rows: [string, "live" | "down"][] = [
      ["192.0.2.0", "live"],
      ["192.0.2.127", "live"],
      ["192.0.2.128", "down"],
      ["192.0.1.255", "down"],
      ["2001:db8::1", "live"],
      ["2001:DB8:FFFF:ffff:ffff:ffff:ffff:ffff", "live"],
      ["2001:db9::", "down"],
      ["::ffff:192.0.2.7", "live"],
      ["::FFFF:c000:0207", "live"],
      ["::192.0.2.7", "down"],
      ["192.0.2.7, 10.1.2.3", "live"],
      ["192.0.2.7,10.1.2.3 , 127.0.0.1", "live"],
      ["192.0.2.7, 203.0.113.1", "down"],
      ["203.0.113.1, 192.0.2.7", "live"],
      ["192.0.2.7, garbage", "down"],
      ["garbage, 192.0.2.7", "live"],
      ["192.0.2.7, garbage, 10.0.0.1", "down"],
      ["192.0.2.7, , 10.0.0.1", "down"],
      ["10.0.0.1, 10.0.0.2", "down"],
      ["192.0.2.07", "down"],
      ["192.0.2.256", "down"],
      ["192.0.2.7:4711", "down"],
      ["192.0.2", "down"],
      ["2001:db8:::1", "down"],
      ["2001:db8::1::2", "down"],
      ["2001:db8::12345", "down"],
      ["2001:db8:1:2:3:4:5:6:7", "down"],
      ["2001:db8:1:2:3:4:5", "down"],
      ["2001:db8:1:2:3:4:5::", "live"],
      [":2001:db8::1", "down"],
      ["", "down"],
    ];
    for (const [forwarded, expected] of rows) {
      assert.equal(await get({ headers: { "X-Forwarded-For": forwarded } }), expected, JSON.stringify(forwarded));
    }
  });

  test("without the header the peer decides", async () => {
    assert.equal(await get(), "down");
  });

  test("the probe is never exempt", async () => {
    assert.equal(await get({ path: PROBE, headers: { "X-Forwarded-For": "192.0.2.7" } }), "down");
  });
});

suite("a client that forges X-Forwarded-For on lighttpd", needs("lighttpd"), () => {
  const { get } = staged(site({ allow: [V4], trustedProxies: [range("10.0.0.0/8", "0a000000", "0affffff")] }));

  test("is not believed when it is no trusted proxy", async () => {
    assert.equal(await get({ headers: { "X-Forwarded-For": "192.0.2.7" } }), "down");
    assert.equal(await get({ headers: { "X-Forwarded-For": "192.0.2.7, 10.0.0.1" } }), "down");
  });
});

suite("a peer that is allowed on lighttpd", needs("lighttpd"), () => {
  const { get } = staged(site({ allow: LOOPBACK.slice(0, 1) }));

  test("passes, whatever it says of others, and the probe does not", async () => {
    assert.equal(await get(), "live");
    assert.equal(await get({ headers: { "X-Forwarded-For": "203.0.113.1" } }), "live");
    assert.equal(await get({ path: PROBE }), "down");
  });
});

suite("paths that pass while a site is down on lighttpd", needs("lighttpd"), () => {
  const { get } = staged(
    site({
      pass: [
        { match: "prefix", value: "/webhooks" },
        { match: "prefix", value: "/legal/" },
        { match: "exact", value: "/status" },
        { match: "regex", value: "^/v[0-9]+/ping$" },
        { match: "regex", value: "ealth" },
        { match: "regex", value: "fence" },
      ],
      health: { path: "/health", whileDown: "ok" },
    }),
  );

  test("match decoded and normalised, prefixes on segment borders", async () => {
    const rows: [string, "live" | "down"][] = [
      ["/", "down"],
      ["/webhooks", "live"],
      ["/webhooks/", "live"],
      ["/webhooks/a?b", "live"],
      ["/webhooksx", "down"],
      ["/Webhooks", "down"],
      ["/web%68ooks/a", "live"],
      ["/x/../webhooks/a", "live"],
      ["/webhooks/../admin", "down"],
      ["/webhooks/%2e%2e/admin", "down"],
      ["/webhooks/..%2fadmin", "down"],
      ["/legal", "down"],
      ["/legal/x", "live"],
      ["/status", "live"],
      ["/status?x=/y", "live"],
      ["/status/", "down"],
      ["/x?/webhooks/", "down"],
      ["/v1/ping", "live"],
      ["/v1/pingx", "down"],
      ["/a/v1/ping", "down"],
      ["/.well-known/acme-challenge/token", "live"],
      ["/.well-known/acme-challenger", "down"],
      [PROBE, "down"],
      [`${PROBE}?x`, "down"],
    ];
    for (const [path, expected] of rows) assert.equal(await get({ path }), expected, path);
  });

  test("a health path that the gate answers is not taken away by a pass rule", async () => {
    assert.equal(await get({ path: "/health" }), "200 ok\n");
    assert.equal(await get({ path: "/health", method: "POST" }), "live");
    assert.equal(await get({ path: "/healthz" }), "live");
  });
});

for (const [whileDown, expected] of [["pass", "live"], ["ok", "200 ok\n"], ["down", "down"]] as const) {
  suite(`a health path that is told "${whileDown}" while a site is down on lighttpd`, needs("lighttpd"), () => {
    const { get } = staged(site({ acme: false, health: { path: "/health", whileDown }, pass: [{ match: "exact", value: "/health" }] }));

    test("is exact, and for GET and HEAD", async () => {
      assert.equal(await get({ path: "/health" }), expected);
      assert.equal(await get({ path: "/health?deep=1" }), expected);
      assert.equal(await get({ path: "/health", method: "POST" }), "live", "the pass rule");
      assert.equal(await get({ path: "/healthz" }), "down");
      assert.equal(await get({ path: "/health/x" }), "down");
    });

    test("acme challenges are gated when the spec says so", async () => {
      assert.equal(await get({ path: "/.well-known/acme-challenge/x" }), "down");
    });
  });
}

suite("a site of which only some paths go down on lighttpd", needs("lighttpd"), () => {
  const { get } = staged(site({}, ["/shop", "/api/"]));

  test("serves the others live, and the probe still tells", async () => {
    const rows: [string, "live" | "down"][] = [
      ["/", "live"],
      ["/shop", "down"],
      ["/shop/cart", "down"],
      ["/shopping", "live"],
      ["/api", "live"],
      ["/api/x", "down"],
      ["/a/../shop", "down"],
      [PROBE, "down"],
    ];
    for (const [path, expected] of rows) assert.equal(await get({ path }), expected, path);
  });
});

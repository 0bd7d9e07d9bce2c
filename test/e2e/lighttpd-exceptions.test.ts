import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { excepting, stagedDown } from "../support/lighttpd-stage.js";
import { needs } from "../support/needs.js";

const PROBE = "/.well-known/fence/probe";

suite("paths that pass while a site is down on lighttpd", needs("lighttpd"), () => {
  const { get } = stagedDown(
    excepting({
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

for (const [whileDown, expected] of [
  ["pass", "live"],
  ["ok", "200 ok\n"],
  ["down", "down"],
] as const) {
  suite(
    `a health path that is told "${whileDown}" while a site is down on lighttpd`,
    needs("lighttpd"),
    () => {
      const { get } = stagedDown(
        excepting({
          acme: false,
          health: { path: "/health", whileDown },
          pass: [{ match: "exact", value: "/health" }],
        }),
      );

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
    },
  );
}

suite("a site of which only some paths go down on lighttpd", needs("lighttpd"), () => {
  const { get } = stagedDown(excepting({}, ["/shop", "/api/"]));

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

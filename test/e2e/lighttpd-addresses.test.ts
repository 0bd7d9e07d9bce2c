import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { range } from "../support/lighttpd.js";
import { excepting, stagedDown } from "../support/lighttpd-stage.js";
import { needs } from "../support/needs.js";

const PROBE = "/.well-known/fence/probe";
const LOOPBACK = [
  range("127.0.0.1/32", "7f000001", "7f000001"),
  range("::1/128", "0".repeat(31) + "1", "0".repeat(31) + "1"),
];
const V6 = range("2001:db8::/32", "20010db8" + "0".repeat(24), "20010db8" + "f".repeat(24));
const V4 = range("192.0.2.0/25", "c0000200", "c000027f");

suite("addresses that pass while a site is down on lighttpd", needs("lighttpd"), () => {
  const { get } = stagedDown(
    excepting({
      allow: [V4, V6],
      trustedProxies: [...LOOPBACK, range("10.0.0.0/8", "0a000000", "0affffff")],
    }),
  );

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
      ["192.0.2.7:4711", "live"],
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
      assert.equal(
        await get({ headers: { "X-Forwarded-For": forwarded } }),
        expected,
        JSON.stringify(forwarded),
      );
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
  const { get } = stagedDown(
    excepting({ allow: [V4], trustedProxies: [range("10.0.0.0/8", "0a000000", "0affffff")] }),
  );

  test("is not believed when it is no trusted proxy", async () => {
    assert.equal(await get({ headers: { "X-Forwarded-For": "192.0.2.7" } }), "down");
    assert.equal(await get({ headers: { "X-Forwarded-For": "192.0.2.7, 10.0.0.1" } }), "down");
  });
});

suite("a peer that is allowed on lighttpd", needs("lighttpd"), () => {
  const { get } = stagedDown(excepting({ allow: LOOPBACK.slice(0, 1) }));

  test("passes, whatever it says of others, and the probe does not", async () => {
    assert.equal(await get(), "live");
    assert.equal(await get({ headers: { "X-Forwarded-For": "203.0.113.1" } }), "live");
    assert.equal(await get({ path: PROBE }), "down");
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { combinedLine, jsonLine } from "../../../src/proxy/access-log/access-line.js";
import type { AccessRecord } from "../../../src/proxy/access-log/access-record.js";

const PLAIN: AccessRecord = {
  timeMs: Date.UTC(2026, 10, 5, 4, 38, 12, 7),
  client: "192.0.2.7",
  host: "main.test",
  method: "GET",
  target: "/a?b=c",
  protocol: "HTTP/1.1",
  site: "main",
  mode: "up",
  status: 200,
  bytes: 1024,
  ms: 12,
  backend: "127.0.0.1:8080",
  backendMs: 11,
  referer: "https://a.test/",
  userAgent: "curl/8 (x)",
  reason: null,
};
const HOSTILE = '"\\ \r\n\x00\x1b[2J\x7f\x9b\xe9" 200 1 "x';

describe("A line of the access log", () => {
  test("is Combined Log Format with fields behind it", () => {
    const line =
      '192.0.2.7 - - [05/Nov/2026:04:38:12 +0000] "GET /a?b=c HTTP/1.1" 200 1024 "https://a.test/" "curl/8 (x)" ' +
      "main.test main up 12 127.0.0.1:8080 11 -\n";
    assert.equal(combinedLine(PLAIN), line);
  });

  test("is JSON with the names of the docs", () => {
    const { timeMs: _time, userAgent: _agent, backendMs: _ms, ...rest } = PLAIN;
    assert.deepEqual(JSON.parse(jsonLine(PLAIN)), {
      ...rest,
      time: "2026-11-05T04:38:12.007Z",
      user_agent: "curl/8 (x)",
      backend_ms: 11,
    });
  });

  test("has a dash for what there is not", () => {
    const nothing = { host: null, method: null, target: null, protocol: null, site: null, mode: null };
    const more = { backend: null, backendMs: null, referer: null, userAgent: null, reason: "head-timeout" };
    const line = combinedLine({ ...PLAIN, ...nothing, ...more, status: 408, bytes: 0, ms: 0 });
    assert.match(line, / "-" 408 0 "-" "-" - - - 0 - - head-timeout\n$/);
  });

  test("cannot be ended, split or coloured by what a client sends", () => {
    const words = ["client", "host", "site", "backend", "reason", "target", "referer", "userAgent"] as const;
    for (const key of words) {
      const record = { ...PLAIN, [key]: HOSTILE };
      for (const line of [combinedLine(record), jsonLine(record)]) assert.match(line, /^[\x20-\x7e]+\n$/);
      assert.equal((combinedLine(record).match(/"/g) ?? []).length, 6, key);
      const told = JSON.parse(jsonLine(record)) as Record<string, unknown>;
      assert.equal(told[key === "userAgent" ? "user_agent" : key], HOSTILE);
    }
    const { userAgent } = { userAgent: '"\\\x1b\xe9' };
    assert.ok(combinedLine({ ...PLAIN, userAgent }).includes('"\\x22\\x5C\\x1B\\xE9"'));
  });

  test("is one line of printable ASCII with as many words as ever, for every string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (host, referer) => {
        const line = combinedLine({ ...PLAIN, host, referer });
        assert.match(line, /^[\x20-\x7e]+\n$/);
        assert.equal(line.split('"').length, 7);
        assert.equal((line.split('"')[6] ?? "").trim().split(" ").length, 7);
      }),
    );
  });
});

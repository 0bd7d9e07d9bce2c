import assert from "node:assert/strict";
import { test } from "node:test";
import { WIRE_LIMITS } from "../../../src/proxy/limits.js";
import { REFUSAL_REASONS, REQUEST_REFUSAL, type RefusalReason } from "../../../src/proxy/wire/refusals.js";
import { relayRequests, relayResponses } from "../../support/wire-relay.js";

const POST = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

/** One request for every reason but those that only a response has. */
const REQUESTS: Partial<Record<RefusalReason, string>> = {
  method: "GE(T / HTTP/1.1\r\n",
  "method-too-long": `${"A".repeat(33)} / HTTP/1.1\r\n`,
  "method-not-relayed": "CONNECT a:443 HTTP/1.1\r\n",
  target: "GET /\x01 HTTP/1.1\r\n",
  "target-form": "GET foo HTTP/1.1\r\n",
  "target-too-long": `GET /${"a".repeat(8192)} HTTP/1.1\r\n`,
  "target-userinfo": "GET http://u:p@a/ HTTP/1.1\r\n",
  "path-encoding": "GET /%0g HTTP/1.1\r\n",
  "path-nul": "GET /a%00 HTTP/1.1\r\n",
  "path-above-root": "GET /a/%2e%2e/../b HTTP/1.1\r\n",
  "version-malformed": "GET /\r\n",
  "version-unsupported": "GET / HTTP/2.0\r\n",
  "bare-lf": "GET / HTTP/1.1\nHost: a\n\n",
  "bare-cr": `${POST}X: a\rb\r\n`,
  "obs-fold": `${POST}X: a\r\n b\r\n`,
  "field-name": `${POST}X : a\r\n`,
  "field-value": `${POST}X: a\0\r\n`,
  "too-many-fields": `${POST}${"X: a\r\n".repeat(100)}`,
  "head-too-large": `${POST}X: ${"a".repeat(40_000)}`,
  "host-missing": "GET / HTTP/1.1\r\n\r\n",
  "host-repeated": `${POST}Host: a\r\n`,
  host: "GET / HTTP/1.1\r\nHost: a/b\r\n",
  "length-malformed": `${POST}Content-Length: 0x5\r\n`,
  "length-repeated": `${POST}Content-Length: 5\r\nContent-Length: 5\r\n`,
  "length-and-chunked": `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n`,
  "transfer-encoding-malformed": `${POST}Transfer-Encoding: chunked, chunked\r\n`,
  "transfer-encoding-unknown": `${POST}Transfer-Encoding: gzip\r\n`,
  "transfer-encoding-in-1.0": "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  connection: `${POST}Connection: a b\r\n`,
  expectation: `${POST}Expect: 200-maybe\r\n`,
  "chunk-size": `${CHUNKED}0x5\r\n`,
  "chunk-size-too-large": `${CHUNKED}20000000000000\r\n`,
  "chunk-end": `${CHUNKED}1\r\nab`,
  "chunk-extension": `${CHUNKED}1;a="b\x01`,
  "chunk-extension-too-long": `${CHUNKED}1;a=${"b".repeat(300)}`,
  trailer: `${CHUNKED}0\r\nX : y\r\n`,
  "trailer-too-large": `${CHUNKED}0\r\nX: ${"y".repeat(9000)}`,
};

const RESPONSES: Partial<Record<RefusalReason, string>> = {
  "version-malformed": "garbage\r\n",
  "version-unsupported": "HTTP/1.2 200 OK\r\n",
  "status-malformed": "HTTP/1.1 2x0 OK\r\n",
  "reason-phrase": "HTTP/1.1 200 O\x01K\r\n",
  "switch-not-asked": "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
  "transfer-encoding-in-1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  "length-and-chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
  "head-too-large": `HTTP/1.1 200 OK\r\nX: ${"a".repeat(40_000)}`,
  "chunk-end": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
};

for (const [reason, text] of Object.entries(REQUESTS) as [RefusalReason, string][])
  test(`a request is refused for ${reason}: ${REQUEST_REFUSAL[reason].text}`, () => {
    assert.deepEqual(relayRequests([Buffer.from(text, "latin1")]).end, REQUEST_REFUSAL[reason]);
  });

for (const [reason, text] of Object.entries(RESPONSES) as [RefusalReason, string][])
  test(`a response is refused for ${reason}, always with 502`, () => {
    const { end } = relayResponses([Buffer.from(text, "latin1")], { method: "GET", upgrade: null });
    assert.ok(typeof end !== "string");
    assert.deepEqual([end.reason, end.status], [reason, 502]);
  });

test("a switch that does not match the key is refused", () => {
  const head =
    "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";
  const upgrade = { protocol: "websocket", key: "dGhlIHNhbXBsZSBub25jZQ==" } as const;
  const { end } = relayResponses([Buffer.from(head)], { method: "GET", upgrade });
  assert.ok(typeof end !== "string" && end.reason === "switch-mismatch");
});

test("every reason to refuse has a case here", () => {
  const covered = new Set([...Object.keys(REQUESTS), ...Object.keys(RESPONSES), "switch-mismatch"]);
  assert.deepEqual(
    REFUSAL_REASONS.filter((reason) => !covered.has(reason)),
    [],
  );
});

test("what just keeps a limit is taken", () => {
  const fields = `Host: a\r\n${"X: y\r\n".repeat(WIRE_LIMITS.fieldCountMax - 1)}\r\n`;
  const start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const taken = [
    `GET / HTTP/1.1\r\n${fields}`,
    `GET /${"a".repeat(WIRE_LIMITS.targetBytesMax - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `${"A".repeat(WIRE_LIMITS.methodBytesMax)} / HTTP/1.1\r\nHost: a\r\n\r\n`,
    `${start}${"a".repeat(WIRE_LIMITS.headBytesMax - start.length - 4)}\r\n\r\n`,
    `${CHUNKED}${`1;${"a".repeat(WIRE_LIMITS.chunkExtensionBytesMax - 1)}\r\nx\r\n`.repeat(3)}0\r\n\r\n`,
    `${POST}Content-Length: ${"0".repeat(WIRE_LIMITS.contentLengthDigitsMax)}\r\n\r\n`,
    `${CHUNKED}0;${"a".repeat(WIRE_LIMITS.chunkExtensionBytesMax - 1)}\r\n\r\n`,
    `${CHUNKED}${"0".repeat(WIRE_LIMITS.chunkSizeDigitsMax)}\r\n\r\n`,
    `${CHUNKED}0\r\nX: ${"a".repeat(WIRE_LIMITS.trailerBytesMax - 7)}\r\n\r\n`,
  ];
  for (const text of taken) {
    const { end, messages } = relayRequests([Buffer.from(text, "latin1")]);
    assert.deepEqual([end, messages.length], ["clean", 1], text.slice(0, 40));
  }
  const tooLarge = `${start}${"a".repeat(WIRE_LIMITS.headBytesMax - start.length - 3)}\r\n\r\n`;
  assert.equal(relayRequests([Buffer.from(tooLarge)]).end, REQUEST_REFUSAL["head-too-large"]);
});

test("a length of one digit more than is exact is refused", () => {
  const text = `${POST}Content-Length: ${"0".repeat(WIRE_LIMITS.contentLengthDigitsMax + 1)}\r\n`;
  assert.equal(relayRequests([Buffer.from(text)]).end, REQUEST_REFUSAL["length-malformed"]);
});

test("a status is one of 100 to 599", () => {
  const taken = (status: string): boolean => {
    const head = Buffer.from(`HTTP/1.1 ${status} X\r\n\r\n`);
    return typeof relayResponses([head], { method: "GET", upgrade: null }).end === "string";
  };
  assert.deepEqual(["099", "100", "599", "600", "1000"].map(taken), [false, true, true, false, false]);
});

test("extensions of one body are bounded all together", () => {
  const line = `1;${"a".repeat(200)}\r\nx\r\n`;
  const { end } = relayRequests([Buffer.from(CHUNKED + line.repeat(100))]);
  assert.equal(end, REQUEST_REFUSAL["chunk-extension-too-long"]);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fieldLine, requestHeadText } from "../../../src/proxy/wire/head-text.js";
import { WEBSOCKET_KEY, requestOf } from "../../support/wire-heads.js";

const HANDSHAKE = [
  "Connection: keep-alive, Upgrade",
  "Upgrade: WebSocket",
  "Sec-WebSocket-Version: 13",
  `Sec-WebSocket-Key: ${WEBSOCKET_KEY}`,
];

describe("the request head for the backend", () => {
  test("has one Host, one framing field and nothing of the hop", () => {
    const head = requestOf(
      ...[
        "POST /x HTTP/1.1",
        "A: 1",
        "hOST: b.test",
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "Keep-Alive: 5",
        "TE: trailers",
      ],
      ...[
        "Proxy: x",
        "Proxy-Authorization: y",
        "Content_Length: 9",
        "X-Forwarded-For: 6.6.6.6",
        "Forwarded: for=x",
      ],
      ...[
        "X-Real-IP: 6.6.6.6",
        "Expect: 100-Continue",
        "content-length: 007",
        "Upgrade: h2c",
        "HTTP2-Settings: z",
        "B: 2",
      ],
    );
    assert.equal(
      requestHeadText(head, fieldLine("X-Forwarded-For", "192.0.2.1"), "none"),
      "POST /x HTTP/1.1\r\nHost: b.test\r\nA: 1\r\nB: 2\r\nContent-Length: 7\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
    );
    assert.equal(head.keepAlive, false);
    assert.equal(head.expectContinue, true);
    assert.equal(head.sent.xForwardedFor, "6.6.6.6");
  });

  test("gets the default Host when HTTP/1.0 came without", () => {
    const head = requestOf("GET / HTTP/1.0", "Expect: 100-continue");
    assert.equal(requestHeadText(head, "", "main.test"), "GET / HTTP/1.1\r\nHost: main.test\r\n\r\n");
    assert.deepEqual([head.keepAlive, head.expectContinue, head.host], [false, false, ""]);
    assert.throws(() => requestHeadText(head, "", "a\r\nb"), RangeError);
  });

  test("keeps an HTTP/1.0 connection only on request", () => {
    assert.equal(requestOf("GET / HTTP/1.0", "Connection: keep-alive").keepAlive, true);
    assert.equal(requestOf("GET / HTTP/1.0", "Connection: keep-alive, close").keepAlive, false);
  });

  test("never lets Connection nominate Host, framing or X-Forwarded fields", () => {
    const options = "Connection: host, content-length, Transfer-Encoding, X-Forwarded-Proto, x-a";
    const head = requestOf(
      "POST / HTTP/1.1",
      "Host: a",
      options,
      "X-A: 1",
      "x-b: 2",
      "Content-Length: 3",
      "X-Forwarded-Proto: https",
    );
    assert.equal(
      requestHeadText(head, "", ""),
      "POST / HTTP/1.1\r\nHost: a\r\nx-b: 2\r\nContent-Length: 3\r\n\r\n",
    );
    assert.equal(head.sent.xForwardedProto, "https");
  });

  test("carries a websocket handshake that is complete", () => {
    const head = requestOf("GET /ws HTTP/1.1", "Host: a", ...HANDSHAKE);
    assert.deepEqual(head.upgrade, { protocol: "websocket", key: WEBSOCKET_KEY });
    assert.match(requestHeadText(head, "", ""), /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
  });

  for (const [what, lines] of Object.entries({
    "another method": ["POST / HTTP/1.1", "Host: a", ...HANDSHAKE],
    "HTTP/1.0": ["GET / HTTP/1.0", "Host: a", ...HANDSHAKE],
    "a body": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE, "Content-Length: 5"],
    "no Connection option": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.slice(1)],
    "another version": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(2, "Sec-WebSocket-Version: 777")],
    "a short key": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(3, "Sec-WebSocket-Key: QQ==")],
    "two keys": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE, `Sec-WebSocket-Key: ${WEBSOCKET_KEY}`],
    h2c: ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(1, "Upgrade: h2c")],
    "h2c besides": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(1, "Upgrade: h2c, websocket")],
  }))
    test(`is a normal request when it asks for an upgrade with ${what}`, () => {
      const head = requestOf(...lines);
      assert.equal(head.upgrade, null);
      assert.doesNotMatch(requestHeadText(head, "", ""), /^(Connection|Upgrade):/im);
    });
});

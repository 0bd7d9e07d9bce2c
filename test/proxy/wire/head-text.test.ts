import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fieldValue } from "../../../src/proxy/wire/field-value.js";
import {
  fieldLine,
  interimHeadText,
  ownHeadText,
  requestHeadText,
  responseHeadText,
} from "../../../src/proxy/wire/head-text.js";
import { parseRequestHead } from "../../../src/proxy/wire/request-head.js";
import { parseResponseHead } from "../../../src/proxy/wire/response-head.js";
import type { RequestHead, ResponseHead } from "../../../src/proxy/wire/types.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const HANDSHAKE = [
  "Connection: keep-alive, Upgrade",
  "Upgrade: WebSocket",
  "Sec-WebSocket-Version: 13",
  `Sec-WebSocket-Key: ${KEY}`,
];

function request(...lines: string[]): RequestHead {
  const bytes = Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
  const head = parseRequestHead(bytes, 0, bytes.length);
  assert.ok(head !== "incomplete" && head.kind === "request");
  return head;
}

function response(
  asked: { method: string; upgrade: RequestHead["upgrade"] },
  ...lines: string[]
): ResponseHead {
  const bytes = Buffer.from([...lines, "", ""].join("\r\n"), "latin1");
  const head = parseResponseHead(bytes, 0, bytes.length, asked);
  assert.ok(head !== "incomplete" && head.kind === "response");
  return head;
}

const GET = { method: "GET", upgrade: null };
const MODERN = { version: 11, keepAlive: true } as const;

describe("the request head for the backend", () => {
  test("has one Host, one framing field and nothing of the hop", () => {
    const head = request(
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
    const head = request("GET / HTTP/1.0", "Expect: 100-continue");
    assert.equal(requestHeadText(head, "", "main.test"), "GET / HTTP/1.1\r\nHost: main.test\r\n\r\n");
    assert.deepEqual([head.keepAlive, head.expectContinue, head.host], [false, false, ""]);
    assert.throws(() => requestHeadText(head, "", "a\r\nb"), RangeError);
  });

  test("keeps an HTTP/1.0 connection only on request", () => {
    assert.equal(request("GET / HTTP/1.0", "Connection: keep-alive").keepAlive, true);
    assert.equal(request("GET / HTTP/1.0", "Connection: keep-alive, close").keepAlive, false);
  });

  test("never lets Connection nominate Host, framing or X-Forwarded fields", () => {
    const options = "Connection: host, content-length, Transfer-Encoding, X-Forwarded-Proto, x-a";
    const head = request(
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
    const head = request("GET /ws HTTP/1.1", "Host: a", ...HANDSHAKE);
    assert.deepEqual(head.upgrade, { protocol: "websocket", key: KEY });
    assert.match(requestHeadText(head, "", ""), /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
  });

  for (const [what, lines] of Object.entries({
    "another method": ["POST / HTTP/1.1", "Host: a", ...HANDSHAKE],
    "HTTP/1.0": ["GET / HTTP/1.0", "Host: a", ...HANDSHAKE],
    "a body": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE, "Content-Length: 5"],
    "no Connection option": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.slice(1)],
    "another version": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(2, "Sec-WebSocket-Version: 777")],
    "a short key": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(3, "Sec-WebSocket-Key: QQ==")],
    "two keys": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE, `Sec-WebSocket-Key: ${KEY}`],
    h2c: ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(1, "Upgrade: h2c")],
    "h2c besides": ["GET / HTTP/1.1", "Host: a", ...HANDSHAKE.with(1, "Upgrade: h2c, websocket")],
  }))
    test(`is a normal request when it asks for an upgrade with ${what}`, () => {
      const head = request(...lines);
      assert.equal(head.upgrade, null);
      assert.doesNotMatch(requestHeadText(head, "", ""), /^(Connection|Upgrade):/im);
    });
});

describe("the response head for the client", () => {
  test("keeps Location and Set-Cookie as they are, and nothing of the hop", () => {
    const head = response(
      ...[
        GET,
        "HTTP/1.1 302 Found",
        "Location: //x\\y",
        "Set-Cookie: a",
        "X_y: 1",
        "Connection: close, x-h",
        "X-H: 1",
      ],
      ...[
        "Keep-Alive: 5",
        "Upgrade: h2c",
        "Trailer: z",
        "X-Sendfile: /etc/x",
        "X-Accel-Redirect: /y",
        "Set-Cookie: b",
        "Content-Length: 0",
      ],
    );
    const fields = "Location: //x\\y\r\nSet-Cookie: a\r\nX_y: 1\r\nSet-Cookie: b\r\n";
    assert.equal(head.fields, fields);
    assert.equal(responseHeadText(head, MODERN), `HTTP/1.1 302 Found\r\n${fields}Content-Length: 0\r\n\r\n`);
    assert.deepEqual([head.keepAlive, head.sendfile], [false, "/y"]);
  });

  test("says how the body ends, and whether the connection lives on", () => {
    const table: [RequestHead["method"], string[], 10 | 11, RegExp][] = [
      ["GET", ["HTTP/1.1 200 OK", "Content-Length: 5"], 11, /^Content-Length: 5$/],
      ["GET", ["HTTP/1.1 200 OK", "Content-Length: 5"], 10, /^Content-Length: 5\r\nConnection: keep-alive$/],
      ["GET", ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], 11, /^Transfer-Encoding: chunked$/],
      ["GET", ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], 10, /^Connection: close$/],
      ["GET", ["HTTP/1.1 200 OK"], 11, /^Connection: close$/],
      ["HEAD", ["HTTP/1.1 200 OK", "Content-Length: 5"], 11, /^Content-Length: 5$/],
      ["HEAD", ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], 11, /^$/],
      ["HEAD", ["HTTP/1.1 200 OK"], 11, /^$/],
      ["GET", ["HTTP/1.1 304 Not Modified", "Content-Length: 5"], 11, /^Content-Length: 5$/],
      ["GET", ["HTTP/1.1 204 No Content", "Content-Length: 5"], 11, /^$/],
    ];
    for (const [method, lines, version, expected] of table) {
      const text = responseHeadText(response({ method, upgrade: null }, ...lines), {
        version,
        keepAlive: true,
      });
      assert.match(
        text.split("\r\n").slice(1, -2).join("\r\n"),
        expected,
        `${method} ${lines.join(" ")} ${version}`,
      );
    }
  });

  test("switches to websocket when the backend's accept matches the key", () => {
    const upgrade = { protocol: "websocket", key: KEY } as const;
    const lines = [
      "HTTP/1.1 101 Switching",
      "Connection: Upgrade",
      "Upgrade: websocket",
      `Sec-WebSocket-Accept: ${ACCEPT}`,
    ];
    const head = response({ method: "GET", upgrade }, ...lines);
    assert.deepEqual([head.upgraded, head.interim, head.framing.kind], [true, false, "none"]);
    assert.match(
      responseHeadText(head, MODERN),
      /^HTTP\/1.1 101 Switching\r\nSec-.*\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/,
    );
  });

  test("passes an interim response on with its fields", () => {
    const head = response(GET, "HTTP/1.1 103 Early Hints", "Link: </a>", "Connection: close");
    assert.equal(head.interim, true);
    assert.equal(interimHeadText(head), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  });
});

test("fence's own answer is built of checked values", () => {
  const lines = fieldLine("Retry-After", "5");
  assert.equal(
    ownHeadText(503, "Service Unavailable", lines, 3, { version: 10, keepAlive: true }),
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n",
  );
  assert.equal(
    ownHeadText(204, "", "", null, { version: 11, keepAlive: false }),
    "HTTP/1.1 204 \r\nConnection: close\r\n\r\n",
  );
  for (const [status, reason, bytes] of [
    [600, "", 0],
    [99, "", 0],
    [200, "a\r\nb", 0],
    [200, "", -1],
    [200, "", 2 ** 60],
  ] as const)
    assert.throws(() => ownHeadText(status, reason, "", bytes, MODERN), RangeError);
});

test("no field line can be broken", () => {
  for (const [name, value] of [
    ["", "a"],
    ["a b", "c"],
    ["a:", "b"],
    ["a", "b\r\nc: d"],
    ["a", "b\0"],
    ["a", " b"],
    ["a", "\u0141"],
    ["a", "\x7f"],
  ] as const)
    assert.throws(() => fieldLine(name, value), RangeError, JSON.stringify([name, value]));
});

test("a field is found among the lines to forward, in any case, joined over its lines", () => {
  const { fields } = request(
    "GET / HTTP/1.1",
    "Host: a",
    "ACCEPT:\ttext/html ",
    "X-Accept: no",
    "accept: */*",
    "Accept-Language: de",
    "Empty:",
  );
  assert.equal(fieldValue(fields, "accept"), "text/html, */*");
  assert.equal(fieldValue(fields, "empty"), "");
  assert.equal(fieldValue(fields, "origin"), null);
  assert.equal(fieldValue("", "accept"), null);
});

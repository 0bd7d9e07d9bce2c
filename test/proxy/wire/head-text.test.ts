import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fieldValue, hasConditions } from "../../../src/proxy/wire/field-value.js";
import {
  fieldLine,
  interimHeadText,
  ownHeadText,
  responseHeadText,
} from "../../../src/proxy/wire/head-text.js";
import { WEBSOCKET_ACCEPT, WEBSOCKET_KEY, requestOf, responseOf } from "../../support/wire-heads.js";

const GET = { method: "GET", upgrade: null };
const MODERN = { version: 11, keepAlive: true } as const;

describe("the response head for the client", () => {
  test("keeps Location and Set-Cookie as they are, and nothing of the hop", () => {
    const head = responseOf(
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
    assert.deepEqual([head.keepAlive, head.sendfile, head.accelRedirect], [false, "/etc/x", "/y"]);
  });

  test("says how the body ends, and whether the connection lives on", () => {
    const table: [string, string[], 10 | 11, RegExp][] = [
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
      const text = responseHeadText(responseOf({ method, upgrade: null }, ...lines), {
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

  test("tells whether the backend's connection lives on", () => {
    const keeps = (...lines: string[]): boolean => responseOf(GET, ...lines).keepAlive;
    assert.equal(keeps("HTTP/1.1 200 OK", "Content-Length: 5"), true);
    assert.equal(keeps("HTTP/1.1 200 OK", "Content-Length: 5", "Connection: close"), false);
    assert.equal(keeps("HTTP/1.1 200 OK"), false);
    assert.equal(keeps("HTTP/1.1 200 OK", "Connection: keep-alive"), false);
    assert.equal(keeps("HTTP/1.0 200 OK", "Content-Length: 5"), false);
    assert.equal(keeps("HTTP/1.0 200 OK", "Content-Length: 5", "Connection: keep-alive"), true);
  });

  test("switches to websocket when the backend's accept matches the key", () => {
    const upgrade = { protocol: "websocket", key: WEBSOCKET_KEY } as const;
    const lines = [
      "HTTP/1.1 101 Switching",
      "Connection: Upgrade",
      "Upgrade: websocket",
      `Sec-WebSocket-Accept: ${WEBSOCKET_ACCEPT}`,
    ];
    const head = responseOf({ method: "GET", upgrade }, ...lines);
    assert.deepEqual([head.upgraded, head.interim, head.framing.kind], [true, false, "none"]);
    assert.match(
      responseHeadText(head, MODERN),
      /^HTTP\/1.1 101 Switching\r\nSec-.*\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/,
    );
  });

  test("passes an interim response on with its fields", () => {
    const head = responseOf(GET, "HTTP/1.1 103 Early Hints", "Link: </a>", "Connection: close");
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
  const { fields } = requestOf(
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

test("a request is conditional, or for a part, by the names of its fields alone", () => {
  for (const line of [
    "If-None-Match: *",
    "if-range: x",
    "IF-MODIFIED-SINCE: x",
    "Range: bytes=0-1",
    "range:",
  ])
    assert.equal(hasConditions(`Accept: range: if-x\r\n${line}\r\n`), true, line);
  for (const line of ["Accept: if-match: x", "X-If-Match: x", "Ranges: x", "Referer: range: x"])
    assert.equal(hasConditions(`${line}\r\nInfo: x\r\n`), false, line);
  assert.equal(hasConditions(""), false);
});

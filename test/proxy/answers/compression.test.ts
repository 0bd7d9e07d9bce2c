import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Compression } from "../../../src/proxy/answers/compression.js";
import { parseRequestHead } from "../../../src/proxy/wire/request-head.js";
import { parseResponseHead } from "../../../src/proxy/wire/response-head.js";
import type { RequestHead, ResponseHead } from "../../../src/proxy/wire/types.js";
import { buildCompress } from "../../../src/spec/build-answers.js";

const DEFAULT = new Compression(buildCompress({}));

function requestOf(lines: string, line = "GET / HTTP/1.1"): RequestHead {
  const bytes = Buffer.from(`${line}\r\nHost: a\r\n${lines}\r\n`, "latin1");
  const head = parseRequestHead(bytes, 0, bytes.length);
  if (typeof head === "string" || head.kind !== "request") throw new Error(`no head: ${lines}`);
  return head;
}

function responseOf(lines: string, status = 200, method = "GET"): ResponseHead {
  const bytes = Buffer.from(`HTTP/1.1 ${status} X\r\n${lines}\r\n`, "latin1");
  const head = parseResponseHead(bytes, 0, bytes.length, { method, upgrade: null });
  if (typeof head === "string" || head.kind !== "response") throw new Error(`no head: ${lines}`);
  return head;
}

const TAKES = requestOf("Accept-Encoding: gzip, br\r\n");
const HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Length: 5000\r\n";

describe("An answer that is compressed", () => {
  test("says so: its coding, no length, a weak tag, no parts, and that it varies", () => {
    const { head, coding } = DEFAULT.of(
      TAKES,
      responseOf(`${HTML}ETag: "a"\r\nAccept-Ranges: bytes\r\nX: 1\r\n`),
    );
    assert.equal(coding, "br");
    assert.equal(
      head.fields,
      'Content-Type: text/html; charset=utf-8\r\nETag: W/"a"\r\nX: 1\r\nVary: Accept-Encoding\r\nContent-Encoding: br\r\n',
    );
    assert.deepEqual([head.framing, head.declaredLength], [{ kind: "chunked" }, null]);
  });

  test("keeps a weak tag, and what it varied by before", () => {
    const fieldsOf = (lines: string): string => DEFAULT.of(TAKES, responseOf(HTML + lines)).head.fields;
    assert.match(fieldsOf('ETag: W/"a"\r\n'), /ETag: W\/"a"\r\n/);
    assert.match(fieldsOf('etag:"a"\r\n'), /etag: W\/"a"\r\n/);
    assert.match(fieldsOf("Vary: Cookie\r\n"), /Vary: Cookie\r\nVary: Accept-Encoding\r\n/);
    for (const vary of ["vary: accept-encoding", "Vary: Cookie, Accept-Encoding", "Vary: *"])
      assert.equal(fieldsOf(`${vary}\r\n`).match(/vary/gi)?.length, 1, vary);
  });

  test("has the same head for HEAD, and no framing of a body", () => {
    const request = requestOf("Accept-Encoding: gzip\r\n", "HEAD / HTTP/1.1");
    const { head, coding } = DEFAULT.of(request, responseOf(HTML, 200, "HEAD"));
    assert.equal(coding, "gzip");
    assert.match(head.fields, /Content-Encoding: gzip\r\n/);
    assert.deepEqual([head.framing.kind, head.declaredLength], ["none", null]);
  });

  test("may have any status with a body of its own", () => {
    for (const status of [200, 201, 203, 403, 404, 500, 503])
      assert.equal(DEFAULT.of(TAKES, responseOf(HTML, status)).coding, "br", String(status));
  });

  test("is one of a length that nobody knows, too", () => {
    const chunked = responseOf("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n");
    assert.equal(DEFAULT.of(TAKES, chunked).coding, "br");
    assert.equal(DEFAULT.of(TAKES, responseOf("Content-Type: text/css\r\n")).coding, "br");
  });
});

describe("An answer stays as it is", () => {
  const stays = (lines: string, request = TAKES, status = 200): void => {
    const head = responseOf(lines, status);
    const { head: told, coding } = DEFAULT.of(request, head);
    assert.equal(coding, null, lines);
    assert.equal(told, head, lines);
  };

  test("when its status has no body, or one that is a part", () => {
    for (const status of [204, 205, 206, 304]) stays(HTML, TAKES, status);
  });

  test("when it is small, coded already, not to be changed, or tied to its bytes", () => {
    stays("Content-Type: text/html\r\nContent-Length: 1023\r\n");
    stays("Content-Type: text/html\r\nContent-Length: 0\r\n");
    for (const line of [
      "Content-Encoding: gzip",
      "Content-Encoding: x-unknown",
      "Cache-Control: no-transform",
      "Cache-Control: private, No-Transform",
      "Content-Range: bytes 0-4999/5000",
      "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",
      "Content-Digest: sha-256=:a:",
      "Repr-Digest: sha-256=:a:",
    ])
      stays(`${HTML}${line}\r\n`);
  });

  test("when nobody asked for its type", () => {
    for (const type of [
      "image/png",
      "text/htmlx",
      "text",
      "",
      "text/event-stream",
      "application/octet-stream",
    ])
      stays(`Content-Type: ${type}\r\nContent-Length: 5000\r\n`);
    stays("Content-Length: 5000\r\n");
    stays("Content-Type: text/html\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n");
  });

  test("but says that it varies, when only the client does not take it", () => {
    for (const request of [
      requestOf(""),
      requestOf("Accept-Encoding: deflate\r\n"),
      requestOf("Accept-Encoding: gzip;q=0\r\n"),
      requestOf("Accept-Encoding: gzip\r\nCache-Control: no-transform\r\n"),
      requestOf("Accept-Encoding: gzip\r\n", "GET / HTTP/1.0"),
    ]) {
      const { head, coding } = DEFAULT.of(request, responseOf(`${HTML}ETag: "a"\r\n`));
      assert.equal(coding, null);
      assert.match(head.fields, /ETag: "a"\r\nVary: Accept-Encoding\r\n$/);
      assert.deepEqual(head.framing, { kind: "length", length: 5000 });
    }
  });
});

test("All of a type is all but events, which have to be named", () => {
  const codingOf = (types: string[], type: string): string | null =>
    new Compression(buildCompress({ types })).of(TAKES, responseOf(`Content-Type: ${type}\r\n`)).coding;
  assert.equal(codingOf(["text/*"], "text/x-own"), "br");
  assert.equal(codingOf(["text/*"], "TEXT/X-Own;a=b"), "br");
  assert.equal(codingOf(["text/*"], "application/json"), null);
  assert.equal(codingOf(["text/*"], "text/event-stream"), null);
  assert.equal(codingOf(["text/event-stream"], "text/event-stream"), "br");
});

test("Codings and the least length are those of the spec", () => {
  const rules = new Compression(buildCompress({ encodings: ["gzip"], min_bytes: 0 }));
  assert.equal(
    rules.of(TAKES, responseOf("Content-Type: text/html\r\nContent-Length: 1\r\n")).coding,
    "gzip",
  );
  assert.equal(rules.of(TAKES, responseOf("Content-Type: text/html\r\nContent-Length: 0\r\n")).coding, null);
});

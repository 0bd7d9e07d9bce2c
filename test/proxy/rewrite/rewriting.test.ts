import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldEdit } from "../../../src/proxy/rewrite/field-edit.js";
import { rewritingOf } from "../../../src/proxy/rewrite/rewriting.js";
import { parseResponseHead } from "../../../src/proxy/wire/response-head.js";
import type { ResponseHead } from "../../../src/proxy/wire/types.js";
import { buildRewrite } from "../../../src/spec/build-answers.js";

function responseOf(text: string): ResponseHead {
  const bytes = Buffer.from(text, "latin1");
  const head = parseResponseHead(bytes, 0, bytes.length, { method: "GET", upgrade: null });
  if (typeof head === "string" || head.kind !== "response") throw new Error(`no head: ${text}`);
  return head;
}

test("A site without rules has nothing done to its heads", () => {
  assert.equal(rewritingOf(buildRewrite()), null);
});

test("A header that is set takes the place of every one of its name, whatever their case", () => {
  const edit = new FieldEdit({ set: [{ name: "X-A", value: "new" }], remove: ["x-gone"] });
  assert.equal(
    edit.apply("x-a: 1\r\nB:2\r\nX-A:\r\nX-Gone: 3\r\nX-Gone-Not: 4\r\nx-GONE: 5\r\n"),
    "B:2\r\nX-Gone-Not: 4\r\nX-A: new\r\n",
  );
  assert.equal(edit.apply(""), "X-A: new\r\n");
});

test("A value beyond ASCII goes out as UTF-8, and without white space around it", () => {
  const edit = new FieldEdit({ set: [{ name: "X-A", value: " grüß  " }], remove: [] });
  assert.equal(Buffer.from(edit.apply(""), "latin1").toString("utf8"), "X-A: grüß\r\n");
});

test("Location, Content-Location and each Set-Cookie are mapped; other lines stay byte for byte", () => {
  const rewriting = rewritingOf(
    buildRewrite({
      location: [{ from: "http://app:8080/", to: "https://www.example.com/" }],
      cookie_domain: [{ from: "app", to: "example.com" }],
      cookie_path: [{ from: "/", to: "/shop/" }],
      response: { set: { "X-Frame-Options": "DENY" }, remove: ["Server"] },
    }),
  );
  const head = responseOf(
    "HTTP/1.1 302 Found\r\nServer: x\r\nLOCATION:http://app:8080/a \r\ncontent-location: http://app:8080/b\r\n" +
      "Set-Cookie: a=1; Domain=app; Path=/\r\nX-Other:  http://app:8080/  \r\n" +
      "set-cookie: b=2; Path=/x\r\nx-frame-options: SAMEORIGIN\r\nContent-Length: 0\r\n\r\n",
  );
  const told = rewriting?.response(head);
  assert.equal(
    told?.fields,
    "LOCATION: https://www.example.com/a\r\ncontent-location: https://www.example.com/b\r\n" +
      "Set-Cookie: a=1; Domain=example.com; Path=/shop/\r\nX-Other:  http://app:8080/  \r\n" +
      "set-cookie: b=2; Path=/shop/x\r\nX-Frame-Options: DENY\r\n",
  );
  assert.deepEqual(told?.framing, head.framing);
});

test("An interim answer shows nothing of what is taken out or set, and gets nothing", () => {
  const rewriting = rewritingOf(buildRewrite({ response: { set: { "X-A": "new" }, remove: ["Server"] } }));
  const head = responseOf("HTTP/1.1 103 Early\r\nServer: x\r\nX-A: old\r\nLink: </a>\r\n\r\n");
  assert.equal(rewriting?.interim(head).fields, "Link: </a>\r\n");
});

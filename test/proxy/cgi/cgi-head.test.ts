import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCgiHead } from "../../../src/proxy/cgi/cgi-head.js";
import { WIRE_LIMITS } from "../../../src/proxy/limits.js";

function headOf(text: string): ReturnType<typeof parseCgiHead> {
  const bytes = Buffer.from(text, "latin1");
  return parseCgiHead(bytes, 0, bytes.length);
}

/** Status, reason and the fields that go on. */
function told(text: string): readonly [number, string, string] {
  const head = headOf(text);
  assert.ok(typeof head !== "string", `${JSON.stringify(text)}: ${JSON.stringify(head)}`);
  return [head.status, head.reason, head.fields];
}

const TYPE = "Content-Type: a/b\r\n";

describe("The head of a CGI answer", () => {
  test("has the status of its field, of its status line, of a redirect, or 200", () => {
    const rows: readonly (readonly [string, number, string])[] = [
      [`${TYPE}\r\n`, 200, "OK"],
      ["Location: /a\r\n\r\n", 302, "Found"],
      ["Status: 404 Not  Here\r\n\r\n", 404, "Not  Here"],
      ["Status: 404\r\n\r\n", 404, ""],
      ["Status: 201\r\nLocation: /a\r\n\r\n", 201, ""],
      ["HTTP/1.1 203\r\n\r\n", 203, ""],
      ["HTTP/1.0 203 As it is\r\n\r\n", 203, "As it is"],
      ["HTTP/1.1 204 A\r\nStatus: 204 B\r\n\r\n", 204, "B"],
    ];
    for (const [text, status, reason] of rows)
      assert.deepEqual(told(text).slice(0, 2), [status, reason], text);
  });

  test("goes on with CRLF, and without what is of the hop or for fence", () => {
    const fields = [
      "X-A: 1  \n",
      "Connection: X-B\r\n",
      "X-B: 2\r\n",
      "X-Sendfile: /f\r\n",
      "Keep-Alive: 5\r\n",
      "X-C:\n",
      "Date: now\r\n",
      "Server: x\r\n",
    ];
    const head = headOf(`${TYPE}${fields.join("")}X-Accel-Redirect: /p\r\nContent-Length: 7\r\n\r\nbody`);
    assert.ok(typeof head !== "string");
    assert.equal(head.fields, `${TYPE}X-A: 1  \r\nX-C:\r\nDate: now\r\nServer: x\r\n`);
    assert.deepEqual(
      [head.sendfile, head.accelRedirect, head.declaredLength, head.hasDate],
      ["/f", "/p", 7, true],
    );
  });

  test("is not whole before its empty line, at whatever byte it breaks off", () => {
    const text = `HTTP/1.1 200 OK\r\n${TYPE}X-A: 1 \r\n\r\n`;
    for (let length = 0; length < text.length; length += 1)
      assert.equal(headOf(text.slice(0, length)), "incomplete", `${length} bytes`);
    assert.equal(typeof headOf(text), "object");
  });

  test("is refused when it is not right", () => {
    const rows: readonly (readonly [string, string])[] = [
      ["\r\n", "cgi-field-missing"],
      ["X-A: 1\r\n\r\n", "cgi-field-missing"],
      [`${TYPE}\rX`, "field-name"],
      [`${TYPE}X A: 1\r\n\r\n`, "field-name"],
      [`${TYPE}: 1\r\n\r\n`, "field-name"],
      [`${TYPE}/: 1\r\n\r\n`, "field-name"],
      [`${TYPE} folded\r\n\r\n`, "field-folded"],
      [`${TYPE}\tfolded\r\n\r\n`, "field-folded"],
      [`${TYPE}X-A: \0\r\n\r\n`, "field-value"],
      [`${TYPE}X-A: 1\rX\r\n\r\n`, "field-value"],
      ["HTTP/1.1 600 Much\r\n\r\n", "status-line"],
      ["HTTP/2 200 OK\r\n\r\n", "status-line"],
      ["HTTP/1.1 200 O\0K\r\n\r\n", "field-value"],
      ["HTTP/1.1 200 OK\rX\r\n\r\n", "field-value"],
      ["HTTP/1.1 200 OK\0\r\n\r\n", "field-value"],
      ["Status: 99\r\n\r\n", "status-field"],
      ["Status: 200\r\nStatus: 200\r\n\r\n", "status-field"],
      ["HTTP/1.1 200 OK\r\nStatus: 404\r\n\r\n", "status-field"],
      [`${TYPE}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, "length-field"],
      [`${TYPE}Content-Length: -1\r\n\r\n`, "length-field"],
      [`${TYPE}Transfer-Encoding: chunked\r\n\r\n`, "coding-field"],
      [`${TYPE}Connection: a b\r\n\r\n`, "connection-field"],
      [`${TYPE}${"A: b\r\n".repeat(WIRE_LIMITS.fieldCountMax + 1)}\r\n`, "too-many-fields"],
      [`${TYPE}A: ${"b".repeat(WIRE_LIMITS.headBytesMax)}\r\n\r\n`, "head-too-large"],
    ];
    for (const [text, fault] of rows) assert.equal(headOf(text), fault, JSON.stringify(text.slice(0, 60)));
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { WIRE_LIMITS } from "../../../src/proxy/limits.js";
import { hasConditions } from "../../../src/proxy/wire/field-value.js";
import { parseRequestHead } from "../../../src/proxy/wire/request-head.js";
import { parseResponseHead } from "../../../src/proxy/wire/response-head.js";

const FEW = { ...WIRE_LIMITS, fieldCountMax: 2 };
const bytesOf = (...lines: string[]): Buffer => Buffer.from([...lines, "", ""].join("\r\n"), "latin1");

test("other limits of fields count for both heads", () => {
  const many = ["A: 1", "B: 2", "C: 3"];
  const request = bytesOf("GET / HTTP/1.1", "Host: a", ...many);
  const response = bytesOf("HTTP/1.1 200 OK", ...many);
  const asked = { method: "GET", upgrade: null };
  const kinds = (limits: typeof FEW) => [
    parseRequestHead(request, 0, request.length, limits),
    parseResponseHead(response, 0, response.length, asked, limits),
  ];
  for (const head of kinds(FEW)) assert.ok(head !== "incomplete" && head.kind === "refusal");
  for (const head of kinds(WIRE_LIMITS)) assert.ok(head !== "incomplete" && head.kind !== "refusal");
});

test("of nothing there is no head yet", () => {
  assert.equal(parseRequestHead(Buffer.alloc(0), 0, 0), "incomplete");
  assert.equal(parseResponseHead(Buffer.alloc(0), 0, 0, { method: "GET", upgrade: null }), "incomplete");
});

test("the last field is looked at, too, without its line end", () => {
  assert.equal(hasConditions("A: 1\r\nIf-Match: x"), true);
  assert.equal(hasConditions("A: 1\r\nB: 2"), false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EncodeError } from "../../src/servers/adapter.js";
import { lua } from "../../src/servers/encode-lua.js";

/** Reads a Lua literal made of printable ASCII and \ddd. */
function decode(literal: string): string {
  assert.match(literal, /^"(?:[ !#-[\]-~]|\\\d{3})*"$/);
  const bytes = literal
    .slice(1, -1)
    .replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

test("a Lua string holds printable ASCII and three-digit escapes only, and says the same", () => {
  const text = fc.string({ unit: "binary" }).filter((value) => !/\p{Surrogate}/u.test(value));
  fc.assert(
    fc.property(text, (value) => decode(lua(value)) === value),
    { numRuns: Number(process.env["FENCE_ENCODED"] ?? 2000) },
  );
});

test("a digit after an escaped byte stays a digit", () => {
  assert.equal(lua("\n1"), '"\\0101"');
});

test("half of a surrogate pair is refused", () => {
  assert.throws(() => lua("a\ud83d"), EncodeError);
});

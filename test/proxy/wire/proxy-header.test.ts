import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseProxyHeader } from "../../../src/proxy/wire/proxy-header.js";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

function binary(versionAndCommand: number, family: number, body: Buffer, length = body.length): Buffer {
  const fixed = Buffer.from([versionAndCommand, family, length >> 8, length & 255]);
  return Buffer.concat([SIGNATURE, fixed, body]);
}

const V4 = Buffer.from([192, 0, 2, 7, 192, 0, 2, 1, 0xc8, 0x22, 1, 0xbb]);
const V6 = Buffer.concat([
  Buffer.from("20010db8000000000000000000000007", "hex"),
  Buffer.from("20010db8000000000000000000000001", "hex"),
  Buffer.from([0xc8, 0x22, 1, 0xbb]),
]);
const TLV = Buffer.from([1, 0, 2, 0x68, 0x32]);
const client = (address: string) => ({ address, port: 51234 });

/** A header, and the client that it names. */
const TAKEN: readonly (readonly [
  header: Buffer | string,
  client: { address: string; port: number } | null,
])[] = [
  ["PROXY TCP4 192.0.2.7 192.0.2.1 51234 443\r\n", client("192.0.2.7")],
  ["PROXY TCP6 2001:DB8:0::7 2001:db8::1 51234 443\r\n", client("2001:db8::7")],
  ["PROXY TCP6 ::ffff:192.0.2.7 ::1 51234 443\r\n", client("192.0.2.7")],
  ["PROXY UNKNOWN\r\n", null],
  ["PROXY UNKNOWN whatever it says 1 2 3\r\n", null],
  [`PROXY UNKNOWN ${"x".repeat(91)}\r\n`, null],
  [binary(0x21, 0x11, V4), client("192.0.2.7")],
  [binary(0x21, 0x11, Buffer.concat([V4, TLV])), client("192.0.2.7")],
  [binary(0x21, 0x21, V6), client("2001:db8::7")],
  [binary(0x20, 0x00, Buffer.alloc(0)), null],
  [binary(0x20, 0x11, V4), null],
  [binary(0x20, 0x11, Buffer.alloc(3)), null],
  [binary(0x21, 0x00, TLV), null],
  [binary(0x21, 0x31, Buffer.alloc(216)), null],
];

const REFUSED: readonly (Buffer | string)[] = [
  "GET / HTTP/1.1\r\n\r\n",
  "PROXYTCP4 192.0.2.7 192.0.2.1 51234 443\r\n",
  "proxy TCP4 192.0.2.7 192.0.2.1 51234 443\r\n",
  "PROXY  TCP4 192.0.2.7 192.0.2.1 51234 443\r\n",
  "PROXY TCP4 192.0.2.7 192.0.2.1 51234 443 \r\n",
  "PROXY TCP4 192.0.2.7 192.0.2.1 51234\r\n",
  "PROXY TCP4 192.0.2.7 192.0.2.1 51234 443\n",
  "PROXY TCP4 192.0.2.7 192.0.2.1 051 443\r\n",
  "PROXY TCP4 192.0.2.7 192.0.2.1 51234 65536\r\n",
  "PROXY TCP4 192.0.2.7 192.0.2.1 -1 443\r\n",
  "PROXY TCP4 192.0.2.07 192.0.2.1 51234 443\r\n",
  "PROXY TCP4 192.0.2.7/32 192.0.2.1 51234 443\r\n",
  "PROXY TCP4 2001:db8::7 2001:db8::1 51234 443\r\n",
  "PROXY TCP6 192.0.2.7 192.0.2.1 51234 443\r\n",
  "PROXY TCP4 192.0.2.7 none 51234 443\r\n",
  "PROXY UDP4 192.0.2.7 192.0.2.1 51234 443\r\n",
  "PROXY UNKNOWNS\r\n",
  "PROXY \r\n",
  `PROXY UNKNOWN ${"x".repeat(92)}\r\n`,
  "\r\nGET / HTTP/1.1\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01",
  binary(0x11, 0x11, V4),
  binary(0x22, 0x11, V4),
  binary(0x21, 0x41, V4),
  binary(0x21, 0x13, V4),
  binary(0x21, 0x12, V4),
  binary(0x21, 0x11, V4.subarray(1)),
  binary(0x21, 0x21, V4),
  binary(0x21, 0x11, V4, 4097),
];

const bytesOf = (header: Buffer | string): Buffer => Buffer.from(header as string, "latin1");

test("A header names the client, or leaves the peer to speak for itself, and what comes after it is left", () => {
  for (const [header, expected] of TAKEN) {
    const bytes = bytesOf(header);
    for (const after of ["", "GET / HTTP/1.1\r\n", "\r\n"]) {
      const whole = Buffer.concat([Buffer.from("xx"), bytes, Buffer.from(after)]);
      const taken = parseProxyHeader(whole, 2, whole.length);
      assert.deepEqual(
        taken,
        { kind: "proxy-header", client: expected, headBytes: bytes.length },
        bytes.toString("latin1"),
      );
    }
    for (let end = 0; end < bytes.length; end += 1)
      assert.equal(parseProxyHeader(bytes, 0, end), "incomplete", `${bytes.toString("latin1")} to ${end}`);
  }
});

test("Anything else is refused, and once it is refused no further byte makes it good", () => {
  for (const header of REFUSED) {
    const bytes = bytesOf(header);
    const outcomes = Array.from({ length: bytes.length + 1 }, (_, end) => parseProxyHeader(bytes, 0, end));
    const kinds = outcomes.map((one) => (one === "incomplete" ? one : one.kind));
    assert.ok(!kinds.includes("proxy-header"), bytes.toString("latin1"));
    assert.equal(kinds.at(-1), "refusal", bytes.toString("latin1"));
    assert.ok(kinds.lastIndexOf("incomplete") < kinds.indexOf("refusal"), bytes.toString("latin1"));
  }
});

test("A line without an end is refused after 107 bytes, a binary header that promises too much at once", () => {
  assert.equal(parseProxyHeader(Buffer.from(`PROXY ${"x".repeat(100)}`), 0, 106), "incomplete");
  const long = parseProxyHeader(Buffer.from(`PROXY ${"x".repeat(101)}`), 0, 107);
  assert.ok(long !== "incomplete" && long.kind === "refusal");
  const promised = parseProxyHeader(binary(0x21, 0x11, Buffer.alloc(0), 65_535), 0, 16);
  assert.ok(promised !== "incomplete" && promised.kind === "refusal");
});

test("Whatever the bytes, the outcome does not depend on how they are cut", () => {
  const header = fc.constantFrom(...TAKEN.map(([one]) => bytesOf(one)), ...REFUSED.map(bytesOf));
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const changed = fc.tuple(header, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    const copy = Buffer.from(bytes);
    copy[at % copy.length] = value;
    return copy;
  });
  fc.assert(
    fc.property(fc.oneof(header, changed, noise), noise, (first, second) => {
      const bytes = Buffer.concat([first, second]);
      const whole = parseProxyHeader(bytes, 0, bytes.length);
      for (let end = 0; end <= bytes.length; end += 1) {
        const part = parseProxyHeader(bytes, 0, end);
        if (part !== "incomplete") return assert.deepEqual(part, whole);
      }
      assert.equal(whole, "incomplete");
    }),
    { numRuns: 2000 },
  );
});

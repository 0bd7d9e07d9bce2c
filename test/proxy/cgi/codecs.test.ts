import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { CgiCodec } from "../../../src/proxy/cgi/codec.js";
import { FASTCGI } from "../../../src/proxy/cgi/fastcgi-records.js";
import { SCGI } from "../../../src/proxy/cgi/scgi-codec.js";
import { UWSGI } from "../../../src/proxy/cgi/uwsgi-codec.js";
import { readPairs } from "../../support/fastcgi-backend.js";

type Pairs = [name: string, value: string][];

const text = (maxLength: number) =>
  fc.string({ maxLength, unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) });
const pairs = fc.array(
  fc.tuple(
    fc.stringMatching(/^[A-Z_]{1,150}$/),
    fc.oneof(
      text(40),
      fc.nat(70_000).map((length) => "v".repeat(length)),
    ),
  ),
  { maxLength: 12 },
);

function encode(codec: CgiCodec, all: Pairs, bodyBytes: number | null): Buffer | null {
  const head = codec.head(all.map(([name, value]) => codec.pair(name, value)).join(""), bodyBytes);
  return head === null ? null : Buffer.from(head, "latin1");
}

/** Records as the specification has them: type and content. */
function recordsOf(bytes: Buffer): [type: number, content: Buffer][] {
  const records: [number, Buffer][] = [];
  for (let at = 0; at < bytes.length;) {
    assert.deepEqual([bytes[at], bytes[at + 2], bytes[at + 3]], [1, 0, 1], "version 1, request 1");
    const length = bytes.readUInt16BE(at + 4);
    records.push([bytes.readUInt8(at + 1), bytes.subarray(at + 8, at + 8 + length)]);
    at += 8 + length + bytes.readUInt8(at + 6);
  }
  return records;
}

describe("Heads of requests", () => {
  test("FastCGI: begin with the connection kept, the variables in records, their end, and the end of no body", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(null, 0, 5), (all, bodyBytes) => {
        const records = recordsOf(encode(FASTCGI, all, bodyBytes) as Buffer);
        const ends = bodyBytes === 5 ? [4] : [4, 5];
        const types = records.map(([type]) => type);
        assert.deepEqual(types.slice(-ends.length), ends);
        assert.deepEqual([...(records[0]?.[1] ?? [])], [0, 1, 1, 0, 0, 0, 0, 0]);
        assert.equal(types[0], 1);
        for (const [, content] of records.slice(-ends.length)) assert.equal(content.length, 0);
        const params = records.slice(1, -ends.length);
        // A record without content would be the end of the variables.
        if (all.length > 0) assert.ok(params.every(([type, content]) => type === 4 && content.length > 0));
        assert.deepEqual(readPairs(Buffer.concat(params.map(([, content]) => content))), all);
      }),
      { numRuns: 300 },
    );
  });

  test("SCGI: a netstring with the length first, then SCGI, then the variables", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(null, 0, 12345), (all, bodyBytes) => {
        const head = (encode(SCGI, all, bodyBytes) as Buffer).toString("latin1");
        const colon = head.indexOf(":");
        const length = Number(head.slice(0, colon));
        assert.equal(head.length, colon + 1 + length + 1);
        assert.equal(head.at(-1), ",");
        const items = head.slice(colon + 1, -1).split("\0");
        assert.equal(items.pop(), "");
        const read = items.flatMap((item, index) => (index % 2 === 0 ? [[item, items[index + 1]]] : []));
        assert.deepEqual(read, [["CONTENT_LENGTH", String(bodyBytes ?? 0)], ["SCGI", "1"], ...all]);
      }),
      { numRuns: 200 },
    );
  });

  test("uwsgi: one packet of at most 64 KB, and none for more", () => {
    fc.assert(
      fc.property(pairs, (all) => {
        const size = all.reduce((sum, [name, value]) => sum + 4 + name.length + value.length, 0);
        const bytes = encode(UWSGI, all, null);
        if (size > 65_535) return assert.equal(bytes, null);
        assert.ok(bytes !== null);
        assert.deepEqual([bytes[0], bytes[3], bytes.readUInt16LE(1), bytes.length], [0, 0, size, size + 4]);
        const read: Pairs = [];
        for (let at = 4; at < bytes.length;) {
          const items: string[] = [];
          for (let item = 0; item < 2; item += 1) {
            const length = bytes.readUInt16LE(at);
            items.push(bytes.toString("latin1", at + 2, at + 2 + length));
            at += 2 + length;
          }
          read.push(items as [string, string]);
        }
        assert.deepEqual(read, all);
      }),
      { numRuns: 200 },
    );
  });
});

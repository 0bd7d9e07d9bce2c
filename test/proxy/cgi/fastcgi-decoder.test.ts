import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseCgiHead } from "../../../src/proxy/cgi/cgi-head.js";
import { FastcgiDecoder } from "../../../src/proxy/cgi/fastcgi-decoder.js";
import { output, record } from "../../support/fastcgi-backend.js";
import { FASTCGI_CASES, partsOf } from "../../support/proxy-corpus.js";

interface Outcome {
  stdout: string;
  stderr: string;
  isDone: boolean;
  appStatus: number;
  protocolStatus: number;
  fault: string | null;
  /** Bytes behind the end. */
  surplus: number;
}

/** What a decoder makes of bytes that come in these pieces. */
function decode(pieces: readonly Buffer[]): Outcome {
  const decoder = new FastcgiDecoder();
  const outcome = { stdout: "", stderr: "", fault: null as string | null, surplus: 0 };
  for (const piece of pieces) {
    const end = decoder.take(piece, 0, piece.length);
    if (typeof end === "string") {
      outcome.fault = end;
      break;
    }
    for (const [name, offsets] of [["stdout", decoder.stdout] as const, ["stderr", decoder.stderr] as const])
      for (let index = 0; index < offsets.length; index += 2)
        outcome[name] += piece.toString("latin1", offsets[index], offsets[index + 1]);
    outcome.surplus += piece.length - end;
  }
  const { isDone, appStatus, protocolStatus } = decoder;
  return { ...outcome, isDone, appStatus, protocolStatus };
}

function splits(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

describe("Records of an answer", () => {
  test("Each case of the corpus has the same outcome wherever it is split", () => {
    for (const one of FASTCGI_CASES) {
      const bytes = Buffer.concat(partsOf(one));
      const whole = decode([bytes]);
      // Of what is refused, only that it is refused is certain: what came before it may have been seen or not.
      const seen = ({ stdout, stderr, ...rest }: Outcome) =>
        whole.fault === null ? { stdout, stderr, ...rest } : rest;
      const points = bytes.length > 2000 ? [...Array(400).keys()] : [...bytes.keys()];
      for (const at of points)
        assert.deepEqual(seen(decode(splits(bytes, at))), seen(whole), `${one.id} at ${at}`);
      if (bytes.length > 2000) continue;
      assert.deepEqual(seen(decode([...bytes].map((byte) => Buffer.of(byte)))), seen(whole), one.id);
    }
  });

  test("Each head of the corpus is read the same wherever it is split, and never before its end", () => {
    for (const one of FASTCGI_CASES) {
      const { stdout, fault } = decode([Buffer.concat(partsOf(one))]);
      if (fault !== null) continue;
      const bytes = Buffer.from(stdout, "latin1");
      const whole = parseCgiHead(bytes, 0, bytes.length);
      const end = typeof whole === "object" ? whole.headBytes : Math.min(bytes.length, 500);
      for (let at = 0; at < end; at += 1) {
        const part = parseCgiHead(bytes, 0, at);
        if (typeof whole === "object") assert.equal(part, "incomplete", `${one.id} at ${at}`);
        else
          assert.ok(part === "incomplete" || part === whole, `${one.id} at ${at}: ${JSON.stringify(part)}`);
      }
    }
  });

  test("Any records, padded and split in any way, give their contents", () => {
    const content = fc.string({
      maxLength: 300,
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    });
    const records = fc.array(
      fc.record({
        type: fc.constantFrom(6, 7),
        content: content.filter((text) => text !== ""),
        padding: fc.nat(255),
      }),
    );
    fc.assert(
      fc.property(records, fc.array(fc.nat()), fc.nat(255), (all, cuts, padding) => {
        const text = all.map((one) => record(one.type, one.content, one.padding)).join("");
        const bytes = Buffer.from(`${text}${record(3, "\0\0\x01\x02\0\0\0\0", padding)}next`, "latin1");
        const points = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
        const pieces = [0, ...points].map((from, index) =>
          bytes.subarray(from, points[index] ?? bytes.length),
        );
        const of = (type: number): string =>
          all.flatMap((one) => (one.type === type ? [one.content] : [])).join("");
        assert.deepEqual(decode(pieces), {
          stdout: of(6),
          stderr: of(7),
          isDone: true,
          appStatus: 258,
          protocolStatus: 0,
          fault: null,
          surplus: 4,
        });
      }),
      { numRuns: 300 },
    );
  });

  test("Whatever comes, it is taken or refused, and never read beyond", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        const buffer = Buffer.from(bytes);
        const whole = decode([buffer]);
        const parts = decode(splits(buffer, at % (buffer.length + 1)));
        assert.deepEqual(
          [parts.fault, parts.isDone, parts.surplus],
          [whole.fault, whole.isDone, whole.surplus],
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("What no application may send is refused, each with its reason", () => {
    const refusals: readonly (readonly [string, string])[] = [
      ["record-version", "\x02\x06\0\x01\0\0\0\0"],
      ["record-type", record(5, "x")],
      ["record-type", record(12, "")],
      ["record-request", "\x01\x06\0\x02\0\0\0\0"],
      ["record-request", "\x01\x0a\0\x01\0\0\0\0"],
      ["record-length", record(3, "\0\0\0\0")],
      ["record-after-end", record(6, "a") + record(6, "") + record(6, "b")],
      ["records-idle", record(7, "").repeat(2000)],
    ];
    for (const [fault, text] of refusals) assert.equal(decode([Buffer.from(text, "latin1")]).fault, fault);
  });

  test("A decoder that was made ready again knows nothing of what came before", () => {
    const decoder = new FastcgiDecoder();
    const cut = Buffer.from(record(6, "hello").slice(0, 11), "latin1");
    decoder.take(cut, 0, cut.length);
    decoder.reset();
    const bytes = Buffer.from(output("again"), "latin1");
    assert.equal(decoder.take(bytes, 0, bytes.length), bytes.length);
    assert.deepEqual([decoder.isDone, decoder.stdout], [true, [8, 13]]);
  });
});

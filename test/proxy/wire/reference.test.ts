import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ChunkScanner, withoutCuts } from "../../../src/proxy/wire/chunk-scanner.js";
import { RUNS, body, head, spoiled } from "../../support/http-arbitraries.js";
import { referenceChunks, referenceRequest } from "../../support/http-reference.js";
import { nodeParse } from "../../support/node-parser.js";
import { isHead, parseAmidst } from "../../support/wire-relay.js";

test("the request parser takes exactly what the reference takes, and reads the same in it", () => {
  let taken = 0;
  fc.assert(
    fc.property(spoiled(head), (text) => {
      const parsed = parseAmidst(text);
      const reference = referenceRequest(text);
      assert.equal(isHead(parsed), reference !== null);
      if (!isHead(parsed) || reference === null) return;
      taken += 1;
      const { framing } = parsed;
      assert.equal(framing.kind === "length" ? framing.length : framing.kind, reference.framing);
      assert.equal(parsed.method, reference.method);
      assert.equal(parsed.version, reference.version);
      assert.equal(parsed.headBytes, reference.headLength);
      const nominated = reference.fields
        .filter(([name]) => name === "connection")
        .flatMap(([, text]) => text.split(",").map((option) => option.trim().toLowerCase()));
      const kept = reference.fields.filter(([name]) => !isDropped(name) && !nominated.includes(name));
      assert.equal(parsed.fields, kept.map(([, , text]) => `${text}\r\n`).join(""));
    }),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 4, `only ${taken} of ${RUNS} were taken`);
});

function isDropped(name: string): boolean {
  const hop = ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"];
  const own = ["host", "content-length", "expect", "proxy", "forwarded", "x-real-ip"];
  return [...hop, ...own].includes(name) || /_|^(proxy-|x-forwarded-)/.test(name);
}

test("a head that is cut anywhere is incomplete or refused for the reason of the whole", () => {
  fc.assert(
    fc.property(spoiled(head), fc.nat(), (text, at) => {
      const whole = parseAmidst(text);
      const part = parseAmidst(text.slice(0, at % (text.length + 1)));
      if (part === "incomplete") return;
      if (part.kind === "refusal") assert.deepEqual(part, whole);
      else assert.deepEqual(whole, part);
    }),
    { numRuns: RUNS },
  );
});

test("the chunk scanner takes exactly what the reference takes, in any pieces, and forwards the same data", () => {
  let taken = 0;
  fc.assert(
    fc.property(
      spoiled(body),
      fc.array(fc.integer({ min: 1, max: 7 })),
      fc.boolean(),
      (text, lengths, strip) => {
        const bytes = Buffer.from(`${text}GET / HTTP/1.1\r\n`, "latin1");
        const reference = referenceChunks(bytes.toString("latin1"));
        const scanner = new ChunkScanner({ trailers: "forward", framing: strip ? "strip" : "keep" });
        let forwarded = "";
        let at = 0;
        for (let piece = 0; at < bytes.length && !scanner.done; piece += 1) {
          const end = Math.min(bytes.length, at + (lengths[piece] ?? bytes.length));
          const stop = scanner.scan(bytes, at, end);
          if (typeof stop === "string") {
            assert.equal(reference, null, stop);
            return;
          }
          forwarded += Buffer.from(withoutCuts(bytes, at, stop, scanner.cuts)).toString("latin1");
          at = stop;
        }
        assert.equal(scanner.done, reference !== null);
        if (reference === null) return;
        taken += 1;
        assert.equal(at, reference.length);
        forwarded += scanner.tail;
        if (strip) assert.equal(forwarded, reference.data);
        else {
          assert.ok(forwarded.startsWith(reference.bare));
          assert.match(forwarded.slice(reference.bare.length), /^([^:;]+: [^\r\n]*\r\n)*\r\n$/);
          assert.doesNotMatch(forwarded.slice(reference.bare.length), /^host:/im);
          const { messages, error } = nodeParse(
            "REQUEST",
            `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${forwarded}`,
          );
          assert.deepEqual([error, messages[0]?.complete, messages[0]?.body], [null, true, reference.data]);
        }
      },
    ),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 4, `only ${taken} of ${RUNS} were taken`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { requestHeadText } from "../../../src/proxy/wire/head-text.js";
import { parseResponseHead } from "../../../src/proxy/wire/response-head.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";
import { RUNS, head, response, spoiled } from "../../support/http-arbitraries.js";
import { nodeParse } from "../../support/node-parser.js";
import { isHead, parseAmidst } from "../../support/wire-relay.js";

test("whatever request is taken and built anew node's own parser takes, with the same framing", () => {
  fc.assert(
    fc.property(spoiled(head), (text) => {
      const parsed = parseAmidst(text);
      if (!isHead(parsed)) return;
      const known = ["GET", "POST", "OPTIONS", "HEAD"].includes(parsed.method)
        ? parsed
        : { ...parsed, method: "PUT" };
      const { framing } = parsed;
      const body =
        framing.kind === "chunked"
          ? "2\r\nab\r\n0\r\n\r\n"
          : "x".repeat(framing.kind === "length" ? Math.min(framing.length, 99) : 0);
      const { messages, error } = nodeParse(
        "REQUEST",
        requestHeadText(known, "X-Own: 1\r\n", "fence.test") + body,
      );
      assert.equal(error, null);
      assert.equal(messages.length, 1);
      assert.equal(messages[0]?.url, parsed.target);
      assert.equal(messages[0]?.complete, framing.kind !== "length" || framing.length <= 99);
      assert.equal(messages[0]?.body, framing.kind === "chunked" ? "ab" : body);
    }),
    { numRuns: RUNS },
  );
});

/** node's parser refuses HTAB behind the value of a framing field, which RFC 9110 section 5.5 has trimmed like SP. */
function withoutTabs(text: string): string {
  return text.replace(/(\n(?:transfer-encoding|content-length):.*?)[ \t]+\r/gi, "$1\r");
}

/** Zero when the message ends with its head. */
function bodyBytes({ framing }: RequestHead): number {
  return framing.kind === "length" ? framing.length : framing.kind === "none" ? 0 : Infinity;
}

test("whatever request is taken as it came node's own parser takes too", () => {
  fc.assert(
    fc.property(spoiled(head), (text) => {
      const parsed = parseAmidst(text);
      if (!isHead(parsed) || !["GET", "POST", "OPTIONS", "HEAD"].includes(parsed.method)) return;
      const { error, messages } = nodeParse("REQUEST", withoutTabs(text.slice(0, parsed.headBytes)));
      assert.equal(error, null);
      assert.equal(messages[0]?.complete, bodyBytes(parsed) === 0);
    }),
    { numRuns: RUNS },
  );
});

test("whatever response is taken node's own parser takes too, with the same status", () => {
  let taken = 0;
  fc.assert(
    fc.property(spoiled(response), (text) => {
      const bytes = Buffer.from(text, "latin1");
      const parsed = parseResponseHead(bytes, 0, bytes.length, { method: "GET", upgrade: null });
      if (parsed === "incomplete" || parsed.kind === "refusal" || parsed.interim) return;
      taken += 1;
      const { messages, error } = nodeParse("RESPONSE", withoutTabs(text.slice(0, parsed.headBytes)));
      assert.equal(error, null);
      assert.equal(messages[0]?.status, parsed.status);
    }),
    { numRuns: RUNS },
  );
  assert.ok(taken > RUNS / 4, `only ${taken} of ${RUNS} were taken`);
});

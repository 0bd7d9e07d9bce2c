import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { REQUEST_CASES, type RequestCase, partsOf } from "../../support/proxy-corpus.js";
import { type ReferenceRequest, referenceChunks, referenceRequest } from "../../support/http-reference.js";
import { nodeParse } from "../../support/node-parser.js";
import { type RelayedAll, cutsOf, relayRequests } from "../../support/wire-relay.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";

/** `stricter` = refused with another status, `lenient` = taken and forwarded clean though it was to be refused. */
type Judgement = "strict" | "stricter" | "lenient" | "unsafe" | "leak" | "refused-legal" | "other";

/** What a strict backend reads in the forwarded bytes; null = something it would refuse. */
function readBack(text: string): { request: ReferenceRequest; body: string }[] | null {
  const read = [];
  for (let rest = text; rest !== "";) {
    const request = referenceRequest(rest);
    if (request === null || rest.startsWith("\r\n")) return null;
    rest = rest.slice(request.headLength);
    const { framing } = request;
    const chunks = framing === "chunked" ? referenceChunks(rest) : null;
    if (framing === "chunked" && chunks === null) return null;
    const length = chunks?.length ?? (typeof framing === "number" ? framing : 0);
    if (rest.length < length) return null;
    read.push({ request, body: chunks?.data ?? rest.slice(0, length) });
    rest = rest.slice(length);
  }
  return read;
}

function judge({ expect }: RequestCase, { messages, end }: RelayedAll<RequestHead>): Judgement {
  const complete = messages.filter((message) => message.complete);
  const text = complete.map(({ headText, body }) => headText + body).join("");
  const read = readBack(text);
  if (read?.length !== complete.length) return "unsafe";
  const partial = end === "partial" || end === "clean";
  if (complete.length === 0 || typeof end !== "string") {
    if (end === "partial" || (end === "clean" && complete.length === 0))
      return expect.verdict === "wait" || expect.waitOk === true ? "strict" : "other";
    if (expect.verdict === "accept") return "refused-legal";
    if (expect.verdict === "wait" || typeof end === "string") return "other";
    if (complete.length > (expect.forwarded ?? 1)) return "unsafe";
    return expect.status?.includes(end.status) === true ? "strict" : "stricter";
  }
  if (expect.verdict === "wait") return "unsafe";
  if (expect.verdict === "reject") return partial ? "lenient" : "other";
  if (complete.length !== (expect.forwarded ?? 1)) return "unsafe";
  if (expect.body !== undefined && read[0]?.body !== expect.body) return "unsafe";
  const lower = text.toLowerCase();
  const has = (part: string): boolean => lower.includes(part.toLowerCase());
  return expect.forwardAbsentBytes?.some(has) === true || expect.forwardHas?.every(has) === false
    ? "leak"
    : "strict";
}

describe("the request corpus", () => {
  const counts = new Map<string, number>();

  for (const one of REQUEST_CASES)
    test(`${one.id}: ${one.why} (${one.expect.verdict})`, () => {
      const judgement = judge(one, relayRequests(partsOf(one)));
      counts.set(judgement, (counts.get(judgement) ?? 0) + 1);
      assert.equal(judgement, "strict");
    });

  test("counts every case as strict", (context) => {
    context.diagnostic(JSON.stringify(Object.fromEntries(counts)));
    assert.deepEqual([...counts], [["strict", REQUEST_CASES.length]]);
  });
});

test("every request of the corpus has one outcome, wherever it is cut in two", () => {
  for (const one of REQUEST_CASES) {
    const bytes = Buffer.concat(partsOf(one));
    const whole = outcome(relayRequests([bytes]));
    assert.deepEqual(outcome(relayRequests(partsOf(one))), whole, one.id);
    for (const at of cutsOf(bytes.length))
      assert.deepEqual(
        outcome(relayRequests([bytes.subarray(0, at), bytes.subarray(at)])),
        whole,
        `${one.id} at ${at}`,
      );
  }
});

test("every short request of the corpus has the same outcome byte by byte", () => {
  for (const one of REQUEST_CASES) {
    const bytes = Buffer.concat(partsOf(one));
    if (bytes.length > 2048) continue;
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    assert.deepEqual(outcome(relayRequests(single)), outcome(relayRequests([bytes])), one.id);
  }
});

/** What is sent on must not depend on the cuts; of a body that is refused some may have gone on already. */
function outcome({ messages, end }: RelayedAll<RequestHead>): unknown {
  const refused = typeof end !== "string";
  return {
    end: refused ? [end.status, end.reason] : end,
    messages: messages.map(({ head, headText, body, complete }) => ({
      head: { ...head, headBytes: 0 },
      headText,
      body: complete || !refused ? body : null,
      complete,
    })),
  };
}

test("whatever of the corpus is taken node's own parser takes, with the same framing", () => {
  for (const one of REQUEST_CASES) {
    const { messages, end } = relayRequests(partsOf(one));
    if (typeof end !== "string") continue;
    for (const { head, headText, body, complete } of messages) {
      const known = headText.replace(/^FROB /, "PUT ");
      const { messages: seen, error } = nodeParse("REQUEST", known + body);
      assert.equal(error, null, one.id);
      assert.deepEqual([seen.length, seen[0]?.url, seen[0]?.complete], [1, head.target, complete], one.id);
    }
  }
});

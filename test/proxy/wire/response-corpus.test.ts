import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RESPONSE_CASES, type ResponseCase, partsOf } from "../../support/proxy-corpus.js";
import { referenceChunks } from "../../support/http-reference.js";
import { nodeParse } from "../../support/node-parser.js";
import { type Relayed, type RelayedAll, cutsOf, relayResponses } from "../../support/wire-relay.js";
import type { ResponseHead } from "../../../src/proxy/wire/types.js";

type Judgement = "strict" | "stricter" | "lenient" | "unsafe" | "leak" | "refused-legal" | "other";

const BAD_HEAD = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n|\r\n[ \t]/;

function relay(one: ResponseCase, pieces: readonly Uint8Array[]): RelayedAll<ResponseHead> {
  return relayResponses(pieces, { method: one.method, upgrade: null });
}

function final({ messages }: RelayedAll<ResponseHead>): Relayed<ResponseHead> | undefined {
  return messages.find(({ head }) => !head.interim);
}

function bodyOf({ head, body }: Relayed<ResponseHead>): string | null {
  return head.framing.kind === "chunked" ? (referenceChunks(body)?.data ?? null) : body;
}

/** A head with one framing, and no byte that could be taken for another. */
function isClean({ headText }: Relayed<ResponseHead>): boolean {
  return (
    !BAD_HEAD.test(headText) &&
    (headText.match(/\r\n(content-length|transfer-encoding):/gi) ?? []).length <= 1
  );
}

function judge(one: ResponseCase, relayed: RelayedAll<ResponseHead>): Judgement {
  const { expect } = one;
  const message = final(relayed);
  const statuses = [expect.status ?? []].flat();
  if (message === undefined) {
    if (expect.verdict === "ok") return "refused-legal";
    // an end of the connection, or a deadline, makes a 502 or 504 of what is not complete
    return typeof relayed.end === "string" || statuses.includes(relayed.end.status) ? "strict" : "stricter";
  }
  if (!isClean(message)) return "unsafe";
  const untilClose = message.head.framing.kind === "until-close";
  if (expect.verdict === "cut") return message.complete || untilClose ? "unsafe" : "strict";
  if (expect.verdict === "bad502") return "lenient";
  if (!statuses.includes(message.head.status)) return "other";
  if (!message.complete && !(untilClose && one.closes === "end")) return "other";
  if (expect.verdict === "either") return "strict";
  const text = message.headText.toLowerCase();
  if (expect.absent?.some((part) => (text + message.body).includes(part)) === true) return "leak";
  const counted = Object.entries(expect.count ?? {}).every(
    ([name, count]) => text.split(`\r\n${name}:`).length - 1 === count,
  );
  return counted && bodyOf(message) === expect.body ? "strict" : "other";
}

describe("the response corpus", () => {
  const counts = new Map<string, number>();

  for (const one of RESPONSE_CASES)
    test(`${one.id}: ${one.why} (${one.expect.verdict})`, () => {
      const judgement = judge(one, relay(one, partsOf(one)));
      counts.set(judgement, (counts.get(judgement) ?? 0) + 1);
      assert.equal(judgement, "strict");
    });

  test("counts every case as strict", (context) => {
    context.diagnostic(JSON.stringify(Object.fromEntries(counts)));
    assert.deepEqual([...counts], [["strict", RESPONSE_CASES.length]]);
  });
});

test("every response of the corpus has one outcome, wherever it is cut in two", () => {
  for (const one of RESPONSE_CASES) {
    const bytes = Buffer.concat(partsOf(one));
    const whole = outcome(relay(one, [bytes]));
    for (const at of cutsOf(bytes.length))
      assert.deepEqual(
        outcome(relay(one, [bytes.subarray(0, at), bytes.subarray(at)])),
        whole,
        `${one.id} at ${at}`,
      );
  }
});

function outcome({ messages, end }: RelayedAll<ResponseHead>): unknown {
  const refused = typeof end !== "string";
  return {
    end: refused ? [end.status, end.reason] : end,
    messages: messages.map(({ head, headText, body, complete }) => ({
      head,
      headText,
      body: complete || !refused ? body : null,
      complete,
    })),
  };
}

test("whatever of the corpus is taken node's own parser takes, with the same framing", () => {
  for (const one of RESPONSE_CASES) {
    const relayed = relay(one, partsOf(one));
    const message = final(relayed);
    if (message === undefined || typeof relayed.end !== "string") continue;
    const { messages, error } = nodeParse("RESPONSE", message.headText + message.body, one.method === "HEAD");
    assert.equal(error, null, one.id);
    assert.equal(messages[0]?.status, message.head.status, one.id);
    assert.equal(messages[0]?.complete, message.complete, one.id);
    if (message.complete) assert.equal(messages[0]?.body, bodyOf(message), one.id);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import process from "node:process";
import fc from "fast-check";
import { ChunkScanner, withoutCuts } from "../../../src/proxy/wire/chunk-scanner.js";
import { requestHeadText } from "../../../src/proxy/wire/head-text.js";
import { parseRequestHead } from "../../../src/proxy/wire/request-head.js";
import { parseResponseHead } from "../../../src/proxy/wire/response-head.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";
import { referenceChunks, referenceRequest } from "../../support/http-reference.js";
import { nodeParse } from "../../support/node-parser.js";

/** FUZZ_RUNS=1000000 for a long run. */
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 20_000);

/** One of the good ones, or now and then one of the bad. */
function mostly(good: readonly string[], bad: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 19, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

const name = fc.constantFrom(
  ...["X-A", "x_b", "Accept", "Cookie", "A!#$%&'*+-.^`|~9", "Proxy", "Proxy-X", "Te", "X-Real-IP", "Upgrade"],
);
const value = fc.constantFrom("", "a", " a b ", "\ta\t", "é", "x, y", '"q"', "5", "chunked", "close");
const known = mostly(
  [
    ...["Connection: close", "Connection: X-A, keep-alive", "Connection: ,", "Connection: host, Accept"],
    ...["Expect: 100-continue", "Upgrade: websocket", "X-Forwarded-For: 6.6.6.6", "Content_Length: 9"],
  ],
  [
    "Connection: a b",
    "Expect: x",
    "X-A : b",
    " folded",
    "no colon",
    ": x",
    "X-A: a\x7f",
    "X-A: a\0",
    "Host: x",
  ],
);
const field = fc.oneof(
  fc.tuple(name, value).map(([left, right]) => `${left}:${right}`),
  known,
);
const host = mostly(
  ["Host: fence.test", "host:a.test:80 ", "Host: [::1]:8080", "HOST:\tA.", "Host: a_b:"],
  ["Host: a b", "Host: a..", "Host:", "Host: [::1", "Host: a:70000", "X: no host", "Host: a/b"],
);
const framing = mostly(
  [
    "Content-Length: 5",
    "content-length:0",
    "X: none",
    "X: none",
    "Transfer-Encoding: chunked",
    "transfer-encoding:\tChunked ",
  ],
  ["Content-Length: +5", "Content-Length: 5, 5", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding:"],
);
const fields = fc
  .tuple(host, framing, fc.array(field, { maxLength: 5 }), fc.nat(), fc.nat())
  .map(([hostLine, framingLine, lines, first, second]) => {
    const placed = lines.toSpliced(first % (lines.length + 1), 0, hostLine);
    return placed.toSpliced(second % (placed.length + 1), 0, framingLine);
  });
const target = mostly(
  [
    ...[
      "/",
      "/a/b?c=d",
      "/a%20b",
      "/a/%2e%2e/x",
      "/a/../b",
      "/a//b",
      "/?%",
      "/a?\\",
      "/a|b",
      "/.well-known/x",
    ],
    ...["http://fence.test", "HTTP://fence.test/x?y", "https://[::1]/", "http://a?b"],
  ],
  ["*", "/%", "/\\", '/"', "/é", "http://u@fence.test/", "ftp://fence.test/", "foo", "/..", "/%2e./", "/%00"],
);
const method = mostly(["GET", "POST", "OPTIONS", "FROB", "HEAD", "get"], ["CONNECT", "TRACE"]);
const version = mostly(
  ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"],
  ["HTTP/1.2", "HTTP/2.0", "http/1.1"],
);

/** Heads that are right more often than not. */
const head = fc
  .tuple(method, target, version, fields)
  .map(([verb, path, protocol, lines]) => [`${verb} ${path} ${protocol}`, ...lines, "", ""].join("\r\n"));

const byte = fc.oneof(
  fc.constantFrom(..."\r\n\0 \t:\x7f_;,é"),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
);

/** A text with one or two bytes put in, taken out or replaced. */
function spoiled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.nat(), fc.constantFrom(0, 1), fc.oneof(fc.constant(""), byte));
  return fc.tuple(text, fc.oneof(fc.constant([]), fc.array(edit, { maxLength: 2 }))).map(([whole, edits]) =>
    edits.reduce((current, [at, removed, added]) => {
      const index = at % (current.length + 1);
      return current.slice(0, index) + added + current.slice(index + removed);
    }, whole),
  );
}

function parse(text: string): ReturnType<typeof parseRequestHead> {
  // bytes before and after that are no part of it
  const bytes = Buffer.from(`:\r\n\r\n${text}\r\n\r\nGET / HTTP/1.1\r\n\r\n`, "latin1");
  return parseRequestHead(bytes, 5, 5 + text.length);
}

function isHead(parsed: ReturnType<typeof parseRequestHead>): parsed is RequestHead {
  return parsed !== "incomplete" && parsed.kind === "request";
}

test("the request parser takes exactly what the reference takes, and reads the same in it", () => {
  let taken = 0;
  fc.assert(
    fc.property(spoiled(head), (text) => {
      const parsed = parse(text);
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
      const whole = parse(text);
      const part = parse(text.slice(0, at % (text.length + 1)));
      if (part === "incomplete") return;
      if (part.kind === "refusal") assert.deepEqual(part, whole);
      else assert.deepEqual(whole, part);
    }),
    { numRuns: RUNS },
  );
});

test("whatever request is taken and built anew node's own parser takes, with the same framing", () => {
  fc.assert(
    fc.property(spoiled(head), (text) => {
      const parsed = parse(text);
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
      const parsed = parse(text);
      if (!isHead(parsed) || !["GET", "POST", "OPTIONS", "HEAD"].includes(parsed.method)) return;
      const { error, messages } = nodeParse("REQUEST", withoutTabs(text.slice(0, parsed.headBytes)));
      assert.equal(error, null);
      assert.equal(messages[0]?.complete, bodyBytes(parsed) === 0);
    }),
    { numRuns: RUNS },
  );
});

const status = fc.constantFrom(
  "200 OK",
  "204 No Content",
  "304 ",
  "200",
  "599 X",
  "600 X",
  "099 X",
  "20 X",
  "404 é\t!",
);
const response = fc
  .tuple(mostly(["HTTP/1.1", "HTTP/1.0"], ["HTTP/1.2"]), status, framing, fc.array(field, { maxLength: 5 }))
  .map(([protocol, code, first, lines]) => [`${protocol} ${code}`, first, ...lines, "", ""].join("\r\n"));

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

const size = mostly(
  ["1", "3", "a", "A", "0f", "1;a", "1;a=b", '1; a = "b\\"c" ;d', "1 ;x"],
  ["0x1", "-1", "", "1 ", "1;", "1;a="],
);
const chunk = fc.tuple(size, fc.nat(30)).map(([text, off]) => {
  const length = parseInt(text, 16) || 0;
  return `${text}\r\n${"d".repeat(Math.max(0, length + (off === 30 ? 1 : 0)))}\r\n`;
});
const body = fc
  .tuple(
    fc.array(chunk, { maxLength: 4 }),
    mostly(["0", "000", "0;x"], ["00 "]),
    fc.array(mostly(["X-T: 1", "Host: x", "X-U:\t2 "], ["bad", "X : y"]), { maxLength: 2 }),
  )
  .map(([chunks, last, trailers]) => `${chunks.join("")}${[last, ...trailers, "", ""].join("\r\n")}`);

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

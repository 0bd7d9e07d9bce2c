import process from "node:process";
import fc from "fast-check";

/** FUZZ_RUNS=1000000 for a long run. */
export const RUNS = Number(process.env["FUZZ_RUNS"] ?? 20_000);

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
export const head = fc
  .tuple(method, target, version, fields)
  .map(([verb, path, protocol, lines]) => [`${verb} ${path} ${protocol}`, ...lines, "", ""].join("\r\n"));

const byte = fc.oneof(
  fc.constantFrom(..."\r\n\0 \t:\x7f_;,é"),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
);

/** A text with one or two bytes put in, taken out or replaced. */
export function spoiled(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.nat(), fc.constantFrom(0, 1), fc.oneof(fc.constant(""), byte));
  return fc.tuple(text, fc.oneof(fc.constant([]), fc.array(edit, { maxLength: 2 }))).map(([whole, edits]) =>
    edits.reduce((current, [at, removed, added]) => {
      const index = at % (current.length + 1);
      return current.slice(0, index) + added + current.slice(index + removed);
    }, whole),
  );
}

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
export const response = fc
  .tuple(mostly(["HTTP/1.1", "HTTP/1.0"], ["HTTP/1.2"]), status, framing, fc.array(field, { maxLength: 5 }))
  .map(([protocol, code, first, lines]) => [`${protocol} ${code}`, first, ...lines, "", ""].join("\r\n"));

const size = mostly(
  ["1", "3", "a", "A", "0f", "1;a", "1;a=b", '1; a = "b\\"c" ;d', "1 ;x"],
  ["0x1", "-1", "", "1 ", "1;", "1;a="],
);
const chunk = fc.tuple(size, fc.nat(30)).map(([text, off]) => {
  const length = parseInt(text, 16) || 0;
  return `${text}\r\n${"d".repeat(Math.max(0, length + (off === 30 ? 1 : 0)))}\r\n`;
});
export const body = fc
  .tuple(
    fc.array(chunk, { maxLength: 4 }),
    mostly(["0", "000", "0;x"], ["00 "]),
    fc.array(mostly(["X-T: 1", "Host: x", "X-U:\t2 "], ["bad", "X : y"]), { maxLength: 2 }),
  )
  .map(([chunks, last, trailers]) => `${chunks.join("")}${[last, ...trailers, "", ""].join("\r\n")}`);

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChunkPolicy, ChunkScanner, withoutCuts } from "../../../src/proxy/wire/chunk-scanner.js";

interface Scanned {
  forwarded: string;
  end: number;
  done: boolean;
}

function scan(text: string, policy?: ChunkPolicy, pieceBytes = text.length): Scanned | string {
  const bytes = Buffer.from(text, "latin1");
  const scanner = new ChunkScanner(policy);
  let forwarded = "";
  let at = 0;
  while (at < bytes.length && !scanner.done) {
    const stop = scanner.scan(bytes, at, Math.min(bytes.length, at + pieceBytes));
    if (typeof stop === "string") return stop;
    forwarded += Buffer.from(withoutCuts(bytes, at, stop, scanner.cuts)).toString("latin1");
    at = stop;
  }
  return { forwarded: forwarded + scanner.tail, end: at, done: scanner.done };
}

/** With the outcome of every size of piece the same. */
function scanAll(text: string, policy?: ChunkPolicy): Scanned | string {
  const whole = scan(text, policy);
  for (let pieceBytes = 1; pieceBytes < text.length; pieceBytes += 1)
    assert.deepEqual(scan(text, policy, pieceBytes), whole, `in pieces of ${pieceBytes}`);
  return whole;
}

const NEXT = "GET / HTTP/1.1\r\n";

test("a plain body is forwarded as the same memory, and its end is told", () => {
  const bytes = Buffer.from(`5\r\nhello\r\n0\r\n\r\n${NEXT}`);
  const scanner = new ChunkScanner();
  assert.equal(scanner.scan(bytes, 0, bytes.length), 15);
  assert.equal(scanner.done, true);
  assert.equal(withoutCuts(bytes, 0, 15, scanner.cuts).buffer, bytes.buffer);
  assert.equal(scanner.tail, "");
});

test("extensions are cut out", () => {
  const text = `5;a=b;c="d;\\" e" ; f\r\nhello\r\n0;z\r\n\r\n`;
  assert.deepEqual(scanAll(text + NEXT), {
    forwarded: "5\r\nhello\r\n0\r\n\r\n",
    end: text.length,
    done: true,
  });
});

test("trailers are dropped, or forwarded but for those that may not stand there", () => {
  const trailers = [
    "X-T:  1 ",
    "Host: evil",
    "X-Forwarded-For: 6.6.6.6",
    "Content-Length: 9",
    "Transfer-Encoding: x",
    "a_b: 1",
    "Server-Timing: x",
  ];
  const text = `1\r\na\r\n0\r\n${trailers.join("\r\n")}\r\n\r\n`;
  const scanned = (forwarded: string): Scanned => ({ forwarded, end: text.length, done: true });
  assert.deepEqual(scanAll(text + NEXT), scanned("1\r\na\r\n0\r\n\r\n"));
  const forward = { trailers: "forward", framing: "keep" } as const;
  assert.deepEqual(
    scanAll(text + NEXT, forward),
    scanned("1\r\na\r\n0\r\nX-T: 1\r\nServer-Timing: x\r\n\r\n"),
  );
});

test("the framing is stripped for a receiver that does not know it", () => {
  const text = "5;x\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n";
  const strip = { trailers: "forward", framing: "strip" } as const;
  assert.deepEqual(scanAll(text + NEXT, strip), { forwarded: "hello world", end: text.length, done: true });
});

test("a body that is not complete is not done", () => {
  const whole = "5\r\nhello\r\n0\r\nX: y\r\n\r\n";
  for (let length = 1; length < whole.length; length += 1) {
    const scanned = scan(whole.slice(0, length));
    assert.ok(typeof scanned !== "string" && !scanned.done, String(length));
  }
});

test("a size that a 32-bit or 64-bit number would wrap is taken as it is or refused", () => {
  const scanned = scan(`100000005\r\nhello\r\n0\r\n\r\n`);
  assert.ok(typeof scanned !== "string" && !scanned.done);
  assert.equal(scan("10000000000000005\r\nhello\r\n0\r\n\r\n"), "chunk-size-too-large");
  assert.equal(scan("20000000000000\r\n"), "chunk-size-too-large");
  assert.ok(typeof scan("1fffffffffffff\r\n") !== "string");
});

const REFUSED: Readonly<Record<string, string>> = {
  "5 \r\nhello": "chunk-extension",
  " 5\r\n": "chunk-size",
  "\r\n": "chunk-size",
  "+5\r\n": "chunk-size",
  "0x5\r\n": "chunk-size",
  "5\nhello": "bare-lf",
  "5\rhello": "bare-cr",
  "5;\r\n": "chunk-extension",
  "5;a=\r\n": "chunk-extension",
  "5;a\nhello": "bare-lf",
  '5;a="\r\nhello"': "chunk-extension",
  "5;a \r\n": "chunk-extension",
  "5;a b\r\n": "chunk-extension",
  "1\r\nab": "chunk-end",
  "1\r\na\n": "chunk-end",
  "1\r\na\rb": "chunk-end",
  "0\r\n\n": "bare-lf",
  "0\r\n\rx": "bare-cr",
  "0\r\nX: y\n": "bare-lf",
  "0\r\nX: y\rz": "bare-cr",
  "0\r\n X: y\r\n": "obs-fold",
  "0\r\nX : y\r\n": "trailer",
  "0\r\nGET / HTTP/1.1\r\n": "trailer",
  "0\r\nX: \x01\r\n": "trailer",
  "0\r\nX: \x7f\r\n": "trailer",
  "0\r\nX: \0\r\n": "trailer",
};

for (const [text, reason] of Object.entries(REFUSED))
  test(`${JSON.stringify(text)} is refused for ${reason}`, () => {
    assert.equal(scanAll(text), reason);
  });

test("zeros before a size count as its digits, and trailer lines are counted", () => {
  assert.equal(scan(`${"0".repeat(16)}5\r\nhello\r\n0\r\n\r\n`), "chunk-size-too-large");
  assert.equal(scan(`0\r\n${"A: b\r\n".repeat(101)}\r\n`), "trailer-too-large");
});

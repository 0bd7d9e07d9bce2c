import assert from "node:assert/strict";
import { test } from "node:test";
import { causeOf, failureAnswer } from "../../src/proxy/answers/failures.js";
import { Log } from "../../src/proxy/log.js";

function sink() {
  const lines: string[] = [];
  return { lines, writableLength: 0, write: (text: string) => lines.push(text) };
}

test("A line of the log is one JSON object of printable ASCII, whatever a client has sent", () => {
  const to = sink();
  const log = new Log(to, "web");
  const target = '/\u001b[2J\r\n{"level":"fake"}\u0000\u009b\u2028\u202e\u00e9';
  log.error("request-refused", { target });
  assert.equal(to.lines.length, 1);
  assert.match(to.lines[0] ?? "", /^[\x20-\x7e]+\n$/);
  assert.equal((JSON.parse(to.lines[0] ?? "") as { target: string }).target, target);
});

test("A flood is cut short, and a reader that has stopped does not make the log grow", () => {
  const to = sink();
  const log = new Log(to, "web");
  for (let round = 0; round < 5000; round += 1) log.error("x");
  // The test may run across the turn of a second.
  assert.ok(to.lines.length <= 401, String(to.lines.length));
  const stuck = { ...sink(), writableLength: 10_000_000 };
  new Log(stuck, "web").error("x");
  assert.deepEqual(stuck.lines, []);
});

test("Every failure has a status of its kind, and the client is told no more than that", () => {
  assert.equal(causeOf("connect-timeout").status, 504);
  assert.equal(causeOf("connect-failed").status, 502);
  assert.equal(causeOf("client-gone").status, 499);
  const answer = failureAnswer(causeOf("backend-closed"));
  assert.match(answer.head, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
  assert.equal(answer.body, "502 Bad Gateway\n");
});

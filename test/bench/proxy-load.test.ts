import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { askOnce, downAnswerOf, faultOf } from "../../bench/proxy/ask.js";
import { CASES, type Case } from "../../bench/proxy/cases.js";
import { figuresOf, rateFiguresOf } from "../../bench/proxy/load.js";
import { cpusOf, placesFor } from "../../bench/proxy/machine.js";
import { optionsOf } from "../../bench/proxy/options.js";

function caseOf(name: string): Case {
  const found = CASES.find((one) => one.name === name);
  assert.ok(found);
  return found;
}

const GOOD = {
  requests: 1000,
  micros: 2_000_000,
  bytes: 1000 * 1300,
  connect: 0,
  read: 0,
  write: 0,
  status: 0,
  timeout: 0,
  p99Micros: 2500,
};

describe("what wrk counted", () => {
  const get = caseOf("get-1k");

  test("right answers are requests a second and no fault", () => {
    assert.deepEqual(figuresOf(get, 1024, GOOD), { requests: 1000, perSecond: 500, p99Ms: 2.5, faults: [] });
  });

  for (const [title, change] of [
    ["another status", { status: 3 }],
    ["bodies that are too short", { bytes: 1000 * 1000 }],
    ["bodies that are too long", { bytes: 1000 * 9000 }],
    ["a cut connection", { read: 1 }],
    ["no answer at all", { requests: 0, bytes: 0 }],
  ] as const)
    test(`${title} is a fault`, () => {
      assert.equal(figuresOf(get, 1024, { ...GOOD, ...change }).faults.length, 1);
    });

  test("slowness is none", () => {
    assert.deepEqual(figuresOf(get, 1024, { ...GOOD, timeout: 5, micros: 900_000_000 }).faults, []);
  });

  test("where 503 is right, anything else is a fault", () => {
    const down = caseOf("down");
    assert.deepEqual(figuresOf(down, 1024, { ...GOOD, status: 1000 }).faults, []);
    assert.deepEqual(figuresOf(down, 1024, { ...GOOD, status: 999 }).faults, [
      "1 answers with another status",
    ]);
  });
});

test("of a log of h2load, the p99 is of all answers and another status is a fault", () => {
  const rows = Array.from(
    { length: 200 },
    (_, index) => `1\t${index === 7 ? 502 : 200}\t${(index + 1) * 1000}`,
  );
  const { requests, p99Ms, faults } = rateFiguresOf(caseOf("p99"), rows, 2);
  assert.equal(requests, 200);
  assert.equal(p99Ms, 199);
  assert.equal(faults.length, 1);
});

test("an answer is judged by status and length", () => {
  const answer = { status: 200, rawHeaders: [], body: Buffer.alloc(1024) };
  const get = caseOf("get-1k");
  assert.equal(faultOf(get, 1024, answer), null);
  assert.match(faultOf(get, 1024, { ...answer, status: 502 }) ?? "", /502/);
  assert.match(faultOf(get, 1024, { ...answer, body: Buffer.alloc(9) }) ?? "", /9 bytes/);
});

test("the fields that every server makes by itself are not given to another", () => {
  const rawHeaders = ["Date", "now", "X-Maintenance-Mode", "1", "Content-Length", "3", "Connection", "close"];
  const answer = { status: 503, rawHeaders, body: Buffer.from("abc") };
  assert.deepEqual(downAnswerOf(answer), { fields: [["X-Maintenance-Mode", "1"]], body: "abc" });
});

test("a server that is not there is an error, not an answer", async () => {
  await assert.rejects(askOnce(caseOf("get-1k"), 1));
});

test("one worker is kept on one processor and the load on another; two are left alone", () => {
  assert.deepEqual(placesFor(1, [2, 3]), { server: "2", load: "3" });
  assert.deepEqual(placesFor(1, [0]), { server: null, load: null });
  assert.deepEqual(placesFor(2, [0, 1]), { server: null, load: null });
  assert.deepEqual(cpusOf("0-2,5"), [0, 1, 2, 5]);
});

describe("options", () => {
  test("nginx is always measured, and the order is that of the list", () => {
    assert.deepEqual(
      optionsOf(["--peers", "caddy,fence"])?.peers.map(({ name }) => name),
      ["fence", "nginx", "caddy"],
    );
  });

  test("--quick is fence and nginx, fewer cases and rounds", () => {
    const quick = optionsOf(["--quick"]);
    assert.deepEqual(
      quick?.peers.map(({ name }) => name),
      ["fence", "nginx"],
    );
    assert.ok((quick?.cases.length ?? 0) < CASES.length);
    assert.equal(quick?.rounds, 3);
  });

  test("what is no case, no peer, no number and no option is refused", () => {
    assert.throws(() => optionsOf(["--case", "get-2k"]), /there is no get-2k; there is get-1k/);
    assert.throws(() => optionsOf(["--peers", "apache"]), /there is no apache/);
    assert.throws(() => optionsOf(["--rounds", "0"]), /whole number/);
    assert.throws(() => optionsOf(["--rouns", "1"]));
  });
});

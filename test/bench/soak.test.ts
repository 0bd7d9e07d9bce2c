import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TimedOutcome } from "../../bench/load-clients.js";
import { ledgerOf } from "../../bench/soak/ledger.js";
import { Random } from "../../bench/soak/random.js";
import { runProgram } from "../cli/run-fence.js";
import { LEFT } from "../support/hold-clients.js";
import { needs } from "../support/needs.js";

const SOAK = fileURLToPath(new URL("../../bench/soak.js", import.meta.url));
const MARKED = { "x-maintenance-mode": "1", "retry-after": "60" };

function outcome(id: string, rest: Partial<TimedOutcome> = {}): TimedOutcome {
  return {
    id,
    kind: "post",
    status: 200,
    headers: {},
    isRight: true,
    error: "",
    tookMs: 1,
    isSecond: false,
    ...rest,
  };
}

describe("the ledger", () => {
  test("a right answer stands for one execution, the maintenance answer for none", () => {
    const down = outcome("b", { status: 503, isRight: false, headers: MARKED });
    const ledger = ledgerOf([outcome("a"), down], ["a"]);
    assert.deepEqual(ledger, { sent: 2, right: 1, maintenance: 1, left: 0, again: 0, unexplained: [] });
  });

  test("a request that its client left was executed once at most", () => {
    const left = { status: null, isRight: false, error: LEFT };
    const outcomes = [outcome("a", left), outcome("b", left), outcome("c", left)];
    const ledger = ledgerOf(outcomes, ["a", "c", "c"]);
    assert.equal(ledger.left, 3);
    assert.deepEqual(ledger.unexplained, ["post c (no answer) was executed 2 times"]);
  });

  test("all else is unexplained, and said", () => {
    const cut = outcome("cut", { status: null, isRight: false, error: "socket hang up" });
    const plain = outcome("plain", { status: 503, isRight: false });
    const told = outcome("told", { status: 503, isRight: false, headers: MARKED });
    const { unexplained } = ledgerOf(
      [outcome("never"), outcome("twice"), cut, plain, told],
      ["twice", "twice", "told", "stranger", "cut"],
    );
    assert.deepEqual(unexplained, [
      "post never (status 200) was executed 0 times",
      "post twice (status 200) was executed 2 times",
      "post cut (no answer): socket hang up",
      "post plain (status 503): a wrong answer",
      "post told (status 503) was executed 1 times",
      "stranger was executed, and nobody sent it",
    ]);
  });
});

test("the same seed gives the same numbers, spread over their range", () => {
  const numbers = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 2000 }, () => random.below(10));
  };
  assert.deepEqual(numbers(3), numbers(3));
  assert.notDeepEqual(numbers(3), numbers(4));
  for (let digit = 0; digit < 10; digit += 1) {
    const count = numbers(3).filter((number) => number === digit).length;
    assert.ok(count > 120 && count < 280, `${digit}: ${count}`);
  }
});

describe("npm run soak", needs("lighttpd", "root"), () => {
  for (const kind of ["proxy", "lighttpd"]) {
    test(`a short one on ${kind} loses nothing`, async () => {
      const args = [SOAK, "--server", kind, "--actions", "4", "--clients", "12", "--seed", "20"];
      const { code, stdout, stderr } = await runProgram(process.execPath, args);
      assert.equal(code, 0, `${stdout}${stderr}`);
      assert.match(stdout, /unexplained +0\n/);
      const [, sent] = /requests sent +(\d+)/.exec(stdout) ?? [];
      assert.ok(Number(sent) > 100);
      console.log(`# ${kind}: ${sent} requests`);
    });
  }

  test("it goes on until so many requests are sent", async () => {
    const args = [SOAK, "--server", "proxy", "--actions", "1", "--requests", "2000", "--clients", "40"];
    const { code, stdout, stderr } = await runProgram(process.execPath, [...args, "--seed", "20"]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    const [, sent] = /requests sent +(\d+)/.exec(stdout) ?? [];
    assert.ok(Number(sent) >= 2000, stdout);
  });

  test("a number out of bounds is told", async () => {
    const { code, stderr } = await runProgram(process.execPath, [SOAK, "--clients", "5000"]);
    assert.equal(code, 1);
    assert.match(stderr, /--clients takes a whole number from 1 to 1000/);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../src/base/duration.js";

test("A duration is numbers with units, the largest first", () => {
  const cases: Record<string, number> = {
    "500ms": 500,
    "0s": 0,
    "2s": 2000,
    "2m": 120_000,
    "1h": 3_600_000,
    "1d": 86_400_000,
    "1h30m": 5_400_000,
    "1d2h3m4s5ms": 93_784_005,
    "90s": 90_000,
    "1m500ms": 60_500,
  };
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text);
});

test("Anything else is refused: no unit, a fraction, a sign, a space, units out of order or twice, upper case", () => {
  const bad = [
    "",
    "10",
    "1.5s",
    "-1s",
    "+1s",
    "1 s",
    " 1s",
    "1s ",
    "30m1h",
    "1s1s",
    "1S",
    "1min",
    "s",
    "ms",
    "1sm",
    "∞",
    "1e3s",
  ];
  for (const text of bad) assert.equal(parseDuration(text), null, text);
});

test("A duration beyond the safe integers is refused", () => {
  assert.equal(parseDuration("999999999999999d"), null);
  assert.equal(parseDuration(`${"9".repeat(400)}s`), null);
});

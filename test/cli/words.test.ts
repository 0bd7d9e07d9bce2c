import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { describe, test } from "node:test";
import { actorOf } from "../../src/cli/actor.js";
import { parseCount, parseDuration, parseText, parseTime } from "../../src/cli/arguments.js";
import { printable } from "../../src/base/printable.js";
import { suggest } from "../../src/base/suggest.js";
import { secondsText, spanText, timeText } from "../../src/base/time-text.js";

describe("suggest", () => {
  test("finds the word that was meant", () => {
    assert.equal(suggest("mian", ["main", "shop"]), "main");
    assert.equal(suggest("sho", ["main", "shop"]), "shop");
    assert.equal(suggest("MAIN", ["main", "shop"]), "main");
    assert.equal(suggest("stat", ["status", "schema"]), "status");
  });

  test("is silent when nothing is near", () => {
    assert.equal(suggest("zebra", ["main", "shop"]), null);
    assert.equal(suggest("x", []), null);
  });
});

describe("arguments", () => {
  test("a duration needs a unit", () => {
    assert.equal(parseDuration("500ms"), 500);
    assert.equal(parseDuration("20m"), 1_200_000);
    assert.equal(parseDuration("1h30m"), 5_400_000);
    for (const wrong of ["", "5", "-1s", "1.5.2s", "1 fortnight", "s", "5 mins"]) {
      assert.throws(() => parseDuration(wrong), /unit/, wrong);
    }
  });

  test("a time needs an offset and must exist", () => {
    assert.equal(parseTime("2026-11-25T14:30:00Z"), Date.UTC(2026, 10, 25, 14, 30));
    assert.equal(parseTime("2026-11-25T15:30:00+01:00"), Date.UTC(2026, 10, 25, 14, 30));
    for (const wrong of ["14:30", "2026-11-25", "2026-11-25T14:30:00", "2026-13-01T00:00:00Z", "tomorrow"]) {
      assert.throws(() => parseTime(wrong), /Write it like/, wrong);
    }
  });

  test("a count is a whole number from its least up", () => {
    assert.equal(parseCount(1)("12"), 12);
    for (const wrong of ["0", "-1", "1.5", "ten", ""])
      assert.throws(() => parseCount(1)(wrong), /whole number/, wrong);
  });

  test("a text is one line without control characters", () => {
    assert.equal(parseText("  Database upgrade  "), "Database upgrade");
    assert.throws(() => parseText("a\nb"), /control characters/);
    assert.throws(() => parseText("\u001b[31m"), /control characters/);
    assert.throws(() => parseText("x".repeat(1001)), /at most 1000 bytes/);
  });
});

describe("actor", () => {
  test("is the first variable that says something", () => {
    assert.equal(actorOf({ FENCE_ACTOR: "ann", GITHUB_ACTOR: "bot", USER: "root" }), "ann");
    assert.equal(actorOf({ FENCE_ACTOR: " ", GITHUB_ACTOR: "bot", USER: "root" }), "bot");
    assert.equal(actorOf({ GITLAB_USER_LOGIN: "bo", SUDO_USER: "cy", USER: "root" }), "bo");
    assert.equal(actorOf({ SUDO_USER: "cy", USER: "root" }), "cy");
    assert.equal(actorOf({ USER: "root" }), "root");
    assert.equal(actorOf({}), userInfo().username);
  });
});

describe("text for people", () => {
  test("control characters of others cannot move the cursor", () => {
    assert.equal(printable("a\u001b[2Jb\nc\u202ed"), "a\\u001b[2Jb\\u000ac\\u202ed");
    assert.equal(printable("plain – text ✓"), "plain – text ✓");
  });

  test("times and spans are short", () => {
    assert.equal(timeText("2026-11-25T14:30:00.123Z"), "2026-11-25 14:30:00Z");
    assert.equal(spanText(0), "0s");
    assert.equal(spanText(250_000), "4m 10s");
    assert.equal(spanText(3_600_000), "1h");
    assert.equal(spanText(90_061_000), "1d 1h");
    assert.equal(secondsText(312), "0.31 s");
    assert.equal(secondsText(12_400), "12.4 s");
  });
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { showsUnicode, wantsColour } from "../../src/cli/colour.js";

describe("colour", () => {
  test("a terminal gets colour, anything else does not", () => {
    assert.equal(wantsColour({}, true, null), true);
    assert.equal(wantsColour({}, false, null), false);
  });

  test("NO_COLOR turns it off unless it is empty", () => {
    assert.equal(wantsColour({ NO_COLOR: "1" }, true, null), false);
    assert.equal(wantsColour({ NO_COLOR: "" }, true, null), true);
  });

  test("FORCE_COLOR turns it on without a terminal, and 0 turns it off", () => {
    assert.equal(wantsColour({ FORCE_COLOR: "1" }, false, null), true);
    assert.equal(wantsColour({ FORCE_COLOR: "0" }, true, null), false);
    assert.equal(wantsColour({ FORCE_COLOR: "1", NO_COLOR: "1" }, true, null), false);
  });

  test("a dumb terminal gets none", () => {
    assert.equal(wantsColour({ TERM: "dumb" }, true, null), false);
  });

  test("--no-color wins over everything", () => {
    assert.equal(wantsColour({ FORCE_COLOR: "1" }, true, false), false);
  });

  test("marks are ASCII unless the locale says UTF-8", () => {
    assert.equal(showsUnicode({ LANG: "de_DE.UTF-8" }), true);
    assert.equal(showsUnicode({ LC_ALL: "C", LANG: "de_DE.UTF-8" }), false);
    assert.equal(showsUnicode({}), false);
    assert.equal(showsUnicode({ LANG: "C.UTF-8", TERM: "linux" }), false);
  });
});

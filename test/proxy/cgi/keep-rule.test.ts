import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KeepRule } from "../../../src/proxy/cgi/keep-rule.js";

describe("Whether connections are kept", () => {
  test("They are, while those that were opened are answered soon", () => {
    const rule = new KeepRule();
    const connection = {};
    rule.opens(connection, 1000);
    assert.equal(
      rule.mayKeep(5, () => 1050),
      true,
    );
    rule.settles(connection);
    assert.equal(
      rule.mayKeep(5, () => assert.fail("nobody waits")),
      true,
    );
  });

  test("None is for five ticks after one had to wait, whatever becomes of it", () => {
    const rule = new KeepRule();
    const [first, second] = [{}, {}];
    rule.opens(first, 1000);
    rule.opens(second, 1090);
    assert.equal(
      rule.mayKeep(5, () => 1101),
      true,
      "first seen",
    );
    assert.equal(
      rule.mayKeep(5, () => 1132),
      false,
    );
    rule.settles(first);
    assert.equal(
      rule.mayKeep(6, () => 1150),
      false,
    );
    rule.settles(second);
    assert.equal(
      rule.mayKeep(9, () => 9000),
      false,
    );
    assert.equal(
      rule.mayKeep(10, () => 9000),
      true,
    );
  });

  test("A process that has stood still takes nobody for one who waits", () => {
    const rule = new KeepRule();
    const [first, second] = [{}, {}];
    rule.opens(first, 1000);
    rule.opens(second, 1000);
    assert.equal(
      rule.mayKeep(1, () => 5000),
      true,
    );
    rule.settles(first);
    assert.equal(
      rule.mayKeep(1, () => 5020),
      true,
    );
    rule.settles(second);
    assert.equal(
      rule.mayKeep(1, () => 5040),
      true,
    );
  });
});

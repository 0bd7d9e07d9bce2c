import assert from "node:assert/strict";
import { test } from "node:test";
import { ruleTest } from "../../src/spec/path-rules.js";

/** A rule, paths that it takes, paths that it does not. */
const ROWS = [
  [{ match: "exact", value: "/a" }, ["/a"], ["/a/", "/ab", "/"]],
  [{ match: "prefix", value: "/a" }, ["/a", "/a/", "/a/b"], ["/ab", "/"]],
  [{ match: "prefix", value: "/a/" }, ["/a/", "/a/b"], ["/a", "/ab"]],
  [{ match: "regex", value: "^/[.]/" }, ["/./"], ["/a/"]],
  [{ match: "regex", value: "^/[\\s]b" }, ["/ b", "/\tb"], ["/\u00a0b", "/\\sb"]],
  [{ match: "regex", value: "^/\\sb" }, ["/ b", "/\rb"], ["/\u00a0b"]],
  [{ match: "regex", value: "^/[ab].c" }, ["/axc", "/b\rc"], ["/a\nc", "/xxc"]],
  [{ match: "regex", value: "^/a\\.b" }, ["/a.b"], ["/axb"]],
] as const;

for (const [rule, taken, left] of ROWS) {
  test(`the ${rule.match} ${JSON.stringify(rule.value)} takes what every server takes`, () => {
    const takes = ruleTest(rule);
    for (const path of taken) assert.equal(takes(path), true, JSON.stringify(path));
    for (const path of left) assert.equal(takes(path), false, JSON.stringify(path));
  });
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { targetOf } from "../../src/spec/route-target.js";
import type { UpstreamRoute } from "../../src/spec/route-types.js";

const route = (value: string, more: Partial<UpstreamRoute> = {}): UpstreamRoute => ({
  match: { match: "prefix", value },
  hosts: [],
  upstream: "api",
  stripPrefix: true,
  addPrefix: "",
  ...more,
});

const asked = (one: UpstreamRoute, target: string, path = target.replace(/\?.*$/, "")): string =>
  targetOf(one, target, path);

describe("What the upstream of a route is asked for", () => {
  test("The prefix is taken off, and what is left begins with one slash", () => {
    assert.equal(asked(route("/api"), "/api/x/y"), "/x/y");
    assert.equal(asked(route("/api"), "/api"), "/");
    assert.equal(asked(route("/api"), "/api/"), "/");
    assert.equal(asked(route("/api"), "/api//x", "/api/x"), "/x");
    assert.equal(asked(route("/"), "/x"), "/x");
  });

  test("The query stays as it is", () => {
    assert.equal(asked(route("/api"), "/api?a=/api/b&c=%2F"), "/?a=/api/b&c=%2F");
    assert.equal(asked(route("/api"), "/api/x?"), "/x?");
  });

  test("What follows the prefix stays as it was written", () => {
    assert.equal(asked(route("/api"), "/api/a%2Fb%20c", "/api/a/b c"), "/a%2Fb%20c");
  });

  test("A prefix that the client has written otherwise is taken off, too", () => {
    assert.equal(asked(route("/api"), "/%61pi/a%2Fb", "/api/a/b"), "/a/b");
    assert.equal(asked(route("/api"), "//api/x", "/api/x"), "/x");
    assert.equal(asked(route("/ä b"), "/%C3%A4%20b/x%2Fy", "/ä b/x/y"), "/x%2Fy");
  });

  test("Bytes that are not UTF-8 stay what they are, also where the path is encoded anew", () => {
    assert.equal(asked(route("/api"), "/api/%e4", "/api/\ufffd"), "/%e4");
    assert.equal(asked(route("/api"), "/%61pi/%e4%20%ff", "/api/\ufffd \ufffd"), "/%E4%20%FF");
    assert.equal(asked(route("/api"), "/x/../api/.//%e4", "/api/\ufffd"), "/%E4");
    assert.equal(asked(route("/ä"), "/./%C3%A4/%e4?%e4", "/ä/\ufffd"), "/%E4?%e4");
    assert.equal(asked(route("/api"), "/%61pi/%EF%BF%BD", "/api/\ufffd"), "/%EF%BF%BD");
  });

  test("Dot segments lead nowhere else", () => {
    assert.equal(asked(route("/api"), "/api/../api/x", "/api/x"), "/x");
    assert.equal(asked(route("/api"), "/api/a/%2e%2E/x", "/api/x"), "/x");
    assert.equal(asked(route("/api"), "/api/a/..%2Fx", "/api/x"), "/x");
    assert.equal(
      asked(route("/api", { stripPrefix: false, addPrefix: "/v2" }), "/a/../api/x", "/api/x"),
      "/v2/api/x",
    );
  });

  test("What is put before comes before what is left", () => {
    assert.equal(asked(route("/api", { addPrefix: "/v2" }), "/api/x?q"), "/v2/x?q");
    assert.equal(asked(route("/api", { addPrefix: "/v2" }), "/api"), "/v2/");
    assert.equal(asked(route("/api", { addPrefix: "/v2", stripPrefix: false }), "/api/x"), "/v2/api/x");
    assert.equal(asked(route("/api", { addPrefix: "/a b%" }), "/api/x"), "/a%20b%25/x");
  });

  test("Whatever is asked for, the target is origin-form and never names another host", () => {
    const segment = fc.string({ unit: fc.constantFrom("a", "%2F", "/", ".", "%2e", "é", "b"), maxLength: 8 });
    fc.assert(
      fc.property(segment, segment, (one, two) => {
        const target = `/api/${one}/${two}`.replaceAll("é", "%C3%A9");
        assert.match(asked(route("/api"), target, "/api/x"), /^\/(?!\/)[\x21-\x7e]*$/);
      }),
    );
  });
});

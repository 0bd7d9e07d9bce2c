import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseHost } from "../../../src/proxy/wire/host.js";
import { parseRequestHead } from "../../../src/proxy/wire/request-head.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";

function request(target: string, method = "GET", host = "Host: fence.test\r\n"): RequestHead | string {
  const bytes = Buffer.from(`${method} ${target} HTTP/1.1\r\n${host}\r\n`, "latin1");
  const head = parseRequestHead(bytes, 0, bytes.length);
  return head === "incomplete" ? head : head.kind === "refusal" ? head.reason : head;
}

/** target -> path to route by, or the reason it is refused */
const PATHS: Readonly<Record<string, string>> = {
  "/": "/",
  "/a/b": "/a/b",
  "/a/b?c=/../d": "/a/b",
  "/?x": "/",
  "/a%20b": "/a b",
  "/%61%2Fb": "/a/b",
  "/caf%C3%A9": "/café",
  "/%c0%af": "/\ufffd\ufffd",
  "/a%252fb": "/a%2fb",
  "//a///b//": "/a/b/",
  "/a/./b/.": "/a/b/",
  "/a/../b": "/b",
  "/a/b/..": "/a/",
  "/a/..": "/",
  "/a/%2e%2E/b": "/b",
  "/a/b%2f..%2fc": "/a/c",
  "/.well-known/x": "/.well-known/x",
  "/a/...": "/a/...",
  "/a/..b": "/a/..b",
  "/..": "path-above-root",
  "/a/../../b": "path-above-root",
  "/%2e%2e/%2e%2e/etc/passwd": "path-above-root",
  "/a%00b": "path-nul",
  "/a%zz": "path-encoding",
  "/a%": "path-encoding",
  "/a?%": "/a",
  "/a\\b": "target",
  "/a?\\": "/a",
  "/a#b": "target",
  "/a<b": "target",
  a: "target-form",
  "http://fence.test/../a": "path-above-root",
  "*": "target-form",
  "http://": "target-form",
  "http:///a": "target-form",
};

describe("the path to route by", () => {
  for (const [target, path] of Object.entries(PATHS))
    test(`of ${target} is ${path}`, () => {
      const head = request(target);
      assert.equal(typeof head === "string" ? head : head.path, path);
      if (typeof head !== "string") assert.equal(head.target, target);
    });
});

test("an absolute target is made a path, and its host outranks the Host field", () => {
  const head = request("HTTP://Fence.Test:8080/a?b", "GET", "Host: evil.test\r\n");
  assert.ok(typeof head !== "string");
  assert.deepEqual(
    [head.target, head.path, head.host, head.hostText],
    ["/a?b", "/a", "fence.test", "Fence.Test:8080"],
  );
  assert.doesNotMatch(head.fields, /evil/);
});

test("an absolute target may lack its path", () => {
  const of = (target: string, method?: string): unknown => {
    const head = request(target, method);
    return typeof head === "string" ? head : [head.target, head.path];
  };
  assert.deepEqual(of("http://fence.test"), ["/", "/"]);
  assert.deepEqual(of("http://fence.test?a"), ["/?a", "/"]);
  assert.deepEqual(of("http://fence.test", "OPTIONS"), ["*", "*"]);
  assert.deepEqual(of("*", "OPTIONS"), ["*", "*"]);
});

test("an absolute target does not make Host dispensable", () => {
  assert.equal(request("http://fence.test/", "GET", ""), "host-missing");
});

/** Host -> [name to route by, text to forward], or null */
const HOSTS: Readonly<Record<string, readonly [string, string] | null>> = {
  "fence.test": ["fence.test", "fence.test"],
  "Fence.TEST:8080": ["fence.test", "Fence.TEST:8080"],
  "fence.test:": ["fence.test", "fence.test"],
  "fence.test.": ["fence.test", "fence.test."],
  "a_b-c~1": ["a_b-c~1", "a_b-c~1"],
  "192.0.2.1": ["192.0.2.1", "192.0.2.1"],
  "[::1]": ["[::1]", "[::1]"],
  "[2001:DB8::1]:443": ["[2001:db8::1]", "[2001:DB8::1]:443"],
  "[::1]junk": null,
  "[::1": null,
  "[1.2.3.4]": null,
  "[::1%eth0]": null,
  "[v1.x]": null,
  "[]": null,
  "::1": null,
  "a:99999": null,
  "a:-1": null,
  "a:8 ": null,
  "a:123456": null,
  "a,b": null,
  "a b": null,
  "a/b": null,
  "u@a": null,
  "a%41": null,
  é: null,
  "\u212a": null,
  ".": null,
  "a..": null,
  ":80": null,
  "": null,
};

test("Host is a name or an address with an optional port", () => {
  for (const [text, expected] of Object.entries(HOSTS)) {
    const host = parseHost(text);
    assert.deepEqual(host === null ? null : [host.name, host.text], expected, text);
  }
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mappedCookie } from "../../../src/proxy/rewrite/cookie.js";

const DOMAINS = [
  { from: "app.internal", to: "example.com" },
  { from: "gone.internal", to: "" },
];
const PATHS = [
  { from: "/app/", to: "/" },
  { from: "/old", to: "/new/deep" },
];

function check(rows: readonly (readonly [sent: string, told: string])[]): void {
  for (const [sent, expected] of rows) assert.equal(mappedCookie(DOMAINS, PATHS, sent), expected, sent);
}

describe("A cookie of a backend", () => {
  test("gets the public domain, whatever the order, case and spaces of its attributes", () => {
    check([
      ["a=1; Domain=app.internal; Path=/x", "a=1; Domain=example.com; Path=/x"],
      ["a=1;path=/x;DOMAIN=.App.Internal;Secure", "a=1;path=/x;DOMAIN=example.com;Secure"],
      ["a=1; HttpOnly ; domain = app.internal ; Max-Age=3", "a=1; HttpOnly ; domain =example.com; Max-Age=3"],
      ['a=1; Domain="app.internal"', "a=1; Domain=example.com"],
      ["a=1; Domain=app.internal; Domain=app.internal", "a=1; Domain=example.com; Domain=example.com"],
    ]);
  });

  test("loses a domain that is mapped to nothing", () => {
    check([
      ["a=1; Domain=gone.internal", "a=1"],
      ["a=1; Secure; Domain=.gone.internal; Path=/x", "a=1; Secure; Path=/x"],
    ]);
  });

  test("keeps a domain that is no exact match", () => {
    for (const domain of [
      "sub.app.internal",
      "xapp.internal",
      "app.internal.evil.test",
      "..app.internal",
      "",
    ])
      check([[`a=1; Domain=${domain}`, `a=1; Domain=${domain}`]]);
    check([["a=1; Domain", "a=1; Domain"]]);
  });

  test("gets the public path, on borders of segments", () => {
    check([
      ["a=1; Path=/app/x", "a=1; Path=/x"],
      ["a=1; Path=/app/", "a=1; Path=/"],
      ["a=1; Path=/app", "a=1; Path=/"],
      ['a=1; PATH="/app/x"; Secure', "a=1; PATH=/x; Secure"],
      ["a=1; path=/old/y", "a=1; path=/new/deep/y"],
      ["a=1; path=/older", "a=1; path=/older"],
      ["a=1; Path=/application", "a=1; Path=/application"],
      ["a=1; Path=app", "a=1; Path=app"],
      ["a=1; Path=", "a=1; Path="],
    ]);
  });

  test("keeps its own name and value, even when they look like attributes", () => {
    check([
      ["Domain=app.internal; Path=/x", "Domain=app.internal; Path=/x"],
      ["path=/app/x", "path=/app/x"],
      ["a=Domain=app.internal", "a=Domain=app.internal"],
      ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
      ["a=1; X-Domain=app.internal", "a=1; X-Domain=app.internal"],
      ["", ""],
    ]);
  });

  test("is taken apart at semicolons within quotes, too, as browsers do", () => {
    check([['a="x; Domain=app.internal"', 'a="x; Domain=app.internal"']]);
    check([['a="x; Domain=app.internal; y"', 'a="x; Domain=example.com; y"']]);
  });

  test("of the __Host- kind is left alone, which another path would make worthless", () => {
    const paths = [{ from: "/", to: "/shop/" }];
    assert.equal(mappedCookie([], paths, "__Host-a=1; Path=/; Secure"), "__Host-a=1; Path=/; Secure");
    assert.equal(mappedCookie([], paths, "__host-a=1; Path=/; Secure"), "__host-a=1; Path=/; Secure");
    assert.equal(mappedCookie([], paths, "a=1; Path=/; Secure"), "a=1; Path=/shop/; Secure");
  });
});

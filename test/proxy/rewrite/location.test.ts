import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { locationMappingOf, mappedLocation } from "../../../src/proxy/rewrite/location.js";
import { RUNS } from "../../support/http-arbitraries.js";

type Row = readonly [from: string, to: string, sent: string, told: string];

const told = (value: string, ...mappings: readonly { from: string; to: string }[]): string =>
  mappedLocation(mappings.map(locationMappingOf), value);

function check(rows: readonly Row[]): void {
  for (const [from, to, sent, expected] of rows)
    assert.equal(told(sent, { from, to }), expected, `${from} to ${to}: ${sent}`);
}

const BACKEND = "http://127.0.0.1:8080";
const PUBLIC = "https://www.example.com";

describe("A Location of a backend", () => {
  test("is told with the public host, its path, query and fragment as they were", () => {
    check([
      [BACKEND, PUBLIC, `${BACKEND}/a/b?c=d#e`, `${PUBLIC}/a/b?c=d#e`],
      [`${BACKEND}/`, `${PUBLIC}/`, `${BACKEND}/a?u=${BACKEND}/`, `${PUBLIC}/a?u=${BACKEND}/`],
      [BACKEND, PUBLIC, BACKEND, PUBLIC],
      [BACKEND, `${PUBLIC}/`, BACKEND, `${PUBLIC}/`],
      [`${BACKEND}/`, PUBLIC, `${BACKEND}?a`, `${PUBLIC}?a`],
      [`${BACKEND}/`, PUBLIC, `${BACKEND}/a`, `${PUBLIC}/a`],
      [BACKEND, `${PUBLIC}/`, `${BACKEND}/a`, `${PUBLIC}/a`],
      [BACKEND, "/", `${BACKEND}/a`, "/a"],
      [BACKEND, "/shop", `${BACKEND}/a`, "/shop/a"],
      [BACKEND, PUBLIC, `${BACKEND}/\xe4`, `${PUBLIC}/\xe4`],
    ]);
  });

  test("is compared as URLs are: scheme and host in any case, the scheme's own port told or not", () => {
    check([
      ["http://app.internal", PUBLIC, "HTTP://APP.internal/a", `${PUBLIC}/a`],
      ["http://app.internal", PUBLIC, "http://app.internal:80/a", `${PUBLIC}/a`],
      ["http://app.internal", PUBLIC, "http://app.internal:/a", `${PUBLIC}/a`],
      ["http://app.internal:80", PUBLIC, "http://app.internal/a", `${PUBLIC}/a`],
      ["https://app.internal", PUBLIC, "https://app.internal:443/a", `${PUBLIC}/a`],
      ["http://app.internal:8080", PUBLIC, "http://app.internal:08080/a", `${PUBLIC}/a`],
      ["http://[::1]:8080/", PUBLIC, "http://[::1]:8080/a", `${PUBLIC}/a`],
    ]);
  });

  test("of another scheme, port or host stays as it is, however much it looks like the backend's", () => {
    const others = [
      "https://127.0.0.1:8080/a",
      "http://127.0.0.1/a",
      "http://127.0.0.1:80801/a",
      "http://127.0.0.1:808/a",
      "http://127.0.0.1:8080.evil.test/a",
      "http://127.0.0.1:8080@evil.test/a",
      "http://127.0.0.1:8080:x@evil.test/a",
      "http://user@127.0.0.1:8080/a",
      "http://127.0.0.1:8080\\@evil.test/a",
      "http://evil.test/http://127.0.0.1:8080/",
      "http://evil.test?http://127.0.0.1:8080/",
      "http:/127.0.0.1:8080/a",
      "http:127.0.0.1:8080/a",
      "http:///127.0.0.1:8080/a",
      "//127.0.0.1:8080/a",
      "//evil.test/a",
      "\\\\evil.test/a",
      "/\\evil.test",
      "ftp://127.0.0.1:8080/a",
      "javascript:alert(1)",
      " http://127.0.0.1:8080/a",
      "http://127.0.0.1:8080/a b",
      "http://127.0.0.1\t:8080/a",
      "a/b",
      "../a",
      "?a",
      "#a",
      "",
    ];
    check(others.map((value) => [BACKEND, PUBLIC, value, value] as const));
    check(others.map((value) => ["/app/", "/", value, value] as const));
  });

  test("begins with a path on a border of segments alone, and the parts meet in one slash", () => {
    check([
      ["/app", "/", "/app/x", "/x"],
      ["/app", "/", "/app", "/"],
      ["/app", "/", "/app?a", "/?a"],
      ["/app", "/shop", "/apple", "/apple"],
      ["/app/", "/", "/app/x?y", "/x?y"],
      ["/app/", "/", "/app", "/"],
      ["/app/", "/shop/", "/app?y", "/shop?y"],
      ["/app/", "/shop", "/app/x", "/shop/x"],
      ["/app/", "/shop/", "/application", "/application"],
      ["/", "/shop/", "/x", "/shop/x"],
      ["/", "/shop", "/", "/shop"],
      [`${BACKEND}/app`, `${PUBLIC}/shop`, `${BACKEND}/apple`, `${BACKEND}/apple`],
      [`${BACKEND}/app`, `${PUBLIC}/shop`, `${BACKEND}/app/x`, `${PUBLIC}/shop/x`],
      ["/app/", `${PUBLIC}/`, "/app/x", `${PUBLIC}/x`],
      ["/app/", "/", "/APP/x", "/APP/x"],
    ]);
  });

  test("never becomes another host by losing the beginning of its path", () => {
    check([
      ["/app", "/", "/app//evil.test", "/app//evil.test"],
      ["/app/", "/", "/app//evil.test", "/evil.test"],
      ["/app/", "/", "/app///evil.test", "/app///evil.test"],
      ["/app/", "/", "/app/\\evil.test", "/app/\\evil.test"],
      ["/app/", "/", "/app/\t/evil.test", "/app/\t/evil.test"],
      [BACKEND, "/", `${BACKEND}//evil.test`, `${BACKEND}//evil.test`],
      ["/app/", PUBLIC, "/app/.evil.test", `${PUBLIC}/.evil.test`],
      ["/app/", PUBLIC, "/app/@evil.test", `${PUBLIC}/@evil.test`],
      [BACKEND, PUBLIC, `${BACKEND}//evil.test`, `${PUBLIC}//evil.test`],
    ]);
  });

  test("is told by the first mapping that fits, once", () => {
    const mappings = [
      { from: "/a/b/", to: "/x/" },
      { from: "/a/", to: "/a/b/" },
      { from: `${BACKEND}/`, to: "/a/" },
    ];
    assert.equal(told("/a/b/c", ...mappings), "/x/c");
    assert.equal(told("/a/c", ...mappings), "/a/b/c");
    assert.equal(told(`${BACKEND}/b/c`, ...mappings), "/a/b/c");
  });

  test("leads a browser nowhere but where it led before, or to the public host", () => {
    const base = "https://www.example.com/here/";
    const piece = fc.constantFrom(
      ...["/", "\\", "//", "http:", "https:", "127.0.0.1:8080", "evil.test", "@", ":", "?", "#", "app", "."],
      ...["..", "%2f", "\t", " ", "x", BACKEND],
    );
    fc.assert(
      fc.property(
        fc.constantFrom("", BACKEND, `${BACKEND}/app`, "/app", "/app/", "//"),
        fc.array(piece, { maxLength: 6 }),
        fc.constantFrom(BACKEND, `${BACKEND}/app/`, "/app", "/app/", "/"),
        fc.constantFrom(PUBLIC, `${PUBLIC}/`, "/", "/shop", "/shop/"),
        (begin, pieces, from, to) => {
          const sent = begin + pieces.join("");
          const mapped = told(sent, { from, to });
          if (mapped === sent) return;
          assert.equal(new URL(mapped, base).host, "www.example.com", `${sent} became ${mapped}`);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

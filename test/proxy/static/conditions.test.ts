import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionStatus, etagOf, partOf } from "../../../src/proxy/static/conditions.js";
import { fallbackLocation, slashLocation } from "../../../src/proxy/static/locations.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";

const FILE = { etag: etagOf("/srv/a.css", 1_700_000_000, 100), modifiedSec: 1_700_000_000 };
const DATE = new Date(FILE.modifiedSec * 1000).toUTCString();
const EARLIER = new Date((FILE.modifiedSec - 1) * 1000).toUTCString();

test("Conditions are looked at in the order of RFC 9110", () => {
  const rows: readonly (readonly [string, number])[] = [
    ["", 200],
    [`If-None-Match: ${FILE.etag}\r\n`, 304],
    [`If-None-Match: W/${FILE.etag}\r\n`, 304],
    ["If-None-Match: *\r\n", 304],
    [`If-None-Match: "x"\r\nIf-Modified-Since: ${DATE}\r\n`, 200],
    [`If-Modified-Since: ${DATE}\r\n`, 304],
    [`If-Modified-Since: ${EARLIER}\r\n`, 200],
    ["If-Modified-Since: nonsense\r\n", 200],
    [`If-Match: ${FILE.etag}\r\n`, 200],
    [`If-Match: W/${FILE.etag}\r\n`, 412],
    ["If-Match: *\r\n", 200],
    [`If-Match: "x"\r\nIf-None-Match: ${FILE.etag}\r\n`, 412],
    [`If-Unmodified-Since: ${EARLIER}\r\n`, 412],
    [`If-Unmodified-Since: ${DATE}\r\n`, 200],
  ];
  for (const [fields, status] of rows) assert.equal(conditionStatus(fields, FILE), status, fields);
});

test("A single range is a part; what is none, several, or conditional on another file is the whole", () => {
  const rows: readonly (readonly [string, ReturnType<typeof partOf>])[] = [
    ["", "whole"],
    ["Range: bytes=0-9\r\n", { first: 0, last: 9 }],
    ["Range: bytes=90-500\r\n", { first: 90, last: 99 }],
    ["Range: bytes=90-\r\n", { first: 90, last: 99 }],
    ["Range: bytes=-10\r\n", { first: 90, last: 99 }],
    ["Range: bytes=-500\r\n", { first: 0, last: 99 }],
    ["Range: bytes=-0\r\n", "none"],
    ["Range: bytes=100-\r\n", "none"],
    ["Range: bytes=9-0\r\n", "whole"],
    ["Range: bytes=-\r\n", "whole"],
    ["Range: bytes=0-1,5-6\r\n", "whole"],
    ["Range: lines=0-1\r\n", "whole"],
    [`Range: bytes=0-1\r\nIf-Range: ${FILE.etag}\r\n`, { first: 0, last: 1 }],
    [`Range: bytes=0-1\r\nIf-Range: ${DATE}\r\n`, { first: 0, last: 1 }],
    [`Range: bytes=0-1\r\nIf-Range: ${EARLIER}\r\n`, "whole"],
  ];
  for (const [fields, part] of rows) assert.deepEqual(partOf(fields, 100, FILE), part, fields);
});

test("A fallback never leads to another host than its base", () => {
  const fallback = { base: "https://bucket.test/x", append: "path" } as const;
  assert.equal(fallbackLocation(fallback, "/a%20b/../c?d=e"), "https://bucket.test/x/a%20b/../c");
  assert.equal(fallbackLocation(fallback, "//evil.test/a"), "https://bucket.test/x//evil.test/a");
  assert.equal(
    fallbackLocation({ ...fallback, append: "last-segment" }, "/a/b%2F?c/d"),
    "https://bucket.test/x/b%2F",
  );
});

test("A folder's own address is encoded anew and begins with one slash", () => {
  const head = { path: "/a b/\u00e9\r\nX: y", target: "/a%20b/%C3%A9%0D%0AX:%20y?q=1" } as RequestHead;
  assert.equal(slashLocation(head), "/a%20b/%C3%A9%0D%0AX%3A%20y/?q=1");
});

test("A folder without a query has none in its address", () => {
  assert.equal(slashLocation({ path: "/a", target: "/a" } as RequestHead), "/a/");
});

test("A file and its compressed form are told apart, also when they are as old and as long", () => {
  const tags = ["/srv/a.css", "/srv/a.css.gz", "/srv/a.css.br"].map((path) =>
    etagOf(path, 1_700_000_000, 100),
  );
  assert.equal(new Set(tags).size, 3);
});

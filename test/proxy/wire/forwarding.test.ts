import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressSet, addressOf, forwardedAddressOf } from "../../../src/proxy/wire/addresses.js";
import { Forwarding, type Peer } from "../../../src/proxy/wire/forwarding.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";
import { requestOf } from "../../support/wire-heads.js";

const TRUSTED = new AddressSet(["10.0.0.0/8", "10.1.0.0/16", "fd00::1"]);
const NOBODY = new AddressSet([]);

function request(...lines: string[]): RequestHead {
  return requestOf("GET / HTTP/1.1", "Host: Fence.test:8080", ...lines);
}

function forwarding(address: string, trusted = TRUSTED, more: Partial<Peer> = {}): Forwarding {
  return new Forwarding({ address, protocol: "http", port: 8080, ...more }, trusted);
}

const SPOOF = [
  ...[
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Port: 443",
  ],
  ...[
    "Forwarded: for=6.6.6.6",
    "X-Real-IP: 6.6.6.6",
    "X_Forwarded_For: 6.6.6.6",
    "X-Forwarded-Prefix: /evil",
  ],
  ...["x-forwarded-server: evil", "Connection: X-Forwarded-For, X-Forwarded-Proto"],
];

test("nothing an untrusted peer says of the way is passed on", () => {
  for (const trusted of [TRUSTED, NOBODY]) {
    const head = request(...SPOOF);
    const lines = forwarding("203.0.113.9", trusted).lines(head);
    assert.equal(
      lines,
      "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8080\r\nX-Forwarded-Host: Fence.test:8080\r\n",
    );
    assert.equal(head.fields, "");
  }
});

test("a trusted proxy's words are passed on, with its own address added", () => {
  assert.equal(
    forwarding("::ffff:10.0.0.1").lines(request(...SPOOF)),
    "X-Forwarded-For: 6.6.6.6, 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n" +
      "X-Forwarded-Host: evil.test\r\nForwarded: for=6.6.6.6, for=10.0.0.1\r\n",
  );
  assert.match(
    forwarding("fd00::1").lines(request("Forwarded: for=a", "Forwarded: for=b")),
    /^X-Forwarded-For: fd00::1\r\n[^]*\r\nForwarded: for=a, for=b, for="\[fd00::1\]"\r\n$/,
  );
});

test("a trusted proxy's words that are none are replaced by what fence sees", () => {
  const lines = [
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Host: a, b",
    "X-Forwarded-Port: 70000",
    "X-Forwarded-For:",
  ];
  assert.equal(
    forwarding("10.0.0.1", TRUSTED, { protocol: "https", port: 8443 }).lines(request(...lines)),
    "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 8443\r\nX-Forwarded-Host: Fence.test:8080\r\n",
  );
});

test("the scheme is the connection's, or what a trusted proxy says", () => {
  const { sent } = request("X-Forwarded-Proto: HTTPS");
  assert.equal(forwarding("203.0.113.9").protocol(sent), "http");
  assert.equal(forwarding("10.0.0.1").protocol(sent), "https");
  assert.equal(forwarding("10.0.0.1").protocol(request("X-Forwarded-Proto: https, http").sent), "http");
});

test("a peer without an address is unknown, and no port is told for a Unix socket", () => {
  assert.equal(
    forwarding("", TRUSTED, { port: null }).lines(request()),
    "X-Forwarded-For: unknown\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: Fence.test:8080\r\n",
  );
});

test("a set of addresses merges blocks that overlap, and refuses what is none", () => {
  assert.equal(NOBODY.isEmpty, true);
  assert.equal(TRUSTED.isEmpty, false);
  assert.throws(() => new AddressSet(["10.0.0.1/8"]), RangeError);
  assert.throws(() => new AddressSet(["junk"]), RangeError);
});

test("the port is the one the client came to, or what a trusted proxy says, or that of the scheme", () => {
  const said = request("X-Forwarded-Port: 8444").sent;
  assert.equal(forwarding("10.0.0.1").port(said), "8444");
  assert.equal(forwarding("203.0.113.9").port(said), "8080");
  assert.equal(forwarding("10.0.0.1").port(request("X-Forwarded-Proto: https").sent), "443");
  const https = forwarding("10.0.0.1", TRUSTED, { protocol: "https", port: 443 });
  assert.equal(https.port(request("X-Forwarded-Proto: http").sent), "80");
  assert.equal(forwarding("", TRUSTED, { port: null }).port(request().sent), "80");
});

test("a request without a host has none told, nor a port that nobody knows", () => {
  const bare = requestOf("GET / HTTP/1.0");
  assert.doesNotMatch(forwarding("203.0.113.9").lines(bare), /Host/);
  assert.equal(
    forwarding("10.0.0.1", TRUSTED, { port: null }).lines(bare),
    "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: http\r\n",
  );
});

test("an element of a list may have a port, and brackets", () => {
  const rows = [
    ["192.0.2.1:80", "192.0.2.1"],
    ["[2001:db8::1]:65535", "2001:db8::1"],
    ["192.0.2.1:0", undefined],
    ["192.0.2.1:65536", undefined],
    ["[2001:db8::1]:0", undefined],
  ] as const;
  for (const [text, address] of rows) assert.equal(forwardedAddressOf(text)?.text, address, text);
});

test("of blocks that begin alike the wider one counts", () => {
  const set = new AddressSet(["10.0.0.0/16", "10.0.0.0/8"]);
  const far = addressOf("10.200.0.1");
  assert.ok(far !== null && set.has(far));
});

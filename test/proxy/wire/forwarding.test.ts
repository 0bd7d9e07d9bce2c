import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AddressSet } from "../../../src/proxy/wire/addresses.js";
import { Forwarding, type Peer } from "../../../src/proxy/wire/forwarding.js";
import { parseRequestHead } from "../../../src/proxy/wire/request-head.js";
import type { RequestHead } from "../../../src/proxy/wire/types.js";

const TRUSTED = new AddressSet([
  "10.0.0.0/8",
  "192.168.1.1",
  "2001:db8:1::/48",
  "fd00::1",
  "10.1.0.0/16",
  "127.0.0.1",
]);
const NOBODY = new AddressSet([]);

function request(...lines: string[]): RequestHead {
  const bytes = Buffer.from(
    ["GET / HTTP/1.1", "Host: Fence.test:8080", ...lines, "", ""].join("\r\n"),
    "latin1",
  );
  const head = parseRequestHead(bytes, 0, bytes.length);
  assert.ok(head !== "incomplete" && head.kind === "request");
  return head;
}

function forwarding(address: string | undefined, trusted = TRUSTED, more: Partial<Peer> = {}): Forwarding {
  return new Forwarding({ address, protocol: "http", port: 8080, ...more }, trusted);
}

function client(address: string | undefined, ...chains: string[]): string | null {
  const head = request(...chains.map((chain) => `X-Forwarded-For: ${chain}`));
  return forwarding(address).client(head.sent)?.text ?? null;
}

/** peer | X-Forwarded-For (";" = another line) | the client's address, "-" = cannot be told */
const CHAINS = `
203.0.113.9 | | 203.0.113.9
203.0.113.9 | 6.6.6.6 | 203.0.113.9
203.0.113.9 | 10.0.0.1 | 203.0.113.9
203.0.113.9 | junk | 203.0.113.9
11.0.0.1 | 6.6.6.6 | 11.0.0.1
9.255.255.255 | 6.6.6.6 | 9.255.255.255
192.168.1.2 | 6.6.6.6 | 192.168.1.2
192.168.1.0 | 6.6.6.6 | 192.168.1.0
2001:db8:2::1 | 6.6.6.6 | 2001:db8:2::1
fd00::2 | 6.6.6.6 | fd00::2
::1 | 6.6.6.6 | ::1
::ffff:203.0.113.9 | 6.6.6.6 | 203.0.113.9
::ffff:cb00:7109 | | 203.0.113.9
2001:DB8:2:0:0:0:0:1 | | 2001:db8:2::1
fe80::1%eth0 | 6.6.6.6 | fe80::1
fe80::1%10.0.0.1 | 6.6.6.6 | fe80::1
10.0.0.1 | | 10.0.0.1
10.0.0.1 | 6.6.6.6 | 6.6.6.6
10.255.255.255 | 6.6.6.6 | 6.6.6.6
10.1.2.3 | 6.6.6.6 | 6.6.6.6
10.0.0.0 | 6.6.6.6 | 6.6.6.6
192.168.1.1 | 6.6.6.6 | 6.6.6.6
127.0.0.1 | 6.6.6.6 | 6.6.6.6
::ffff:10.0.0.1 | 6.6.6.6 | 6.6.6.6
::ffff:a00:1 | 6.6.6.6 | 6.6.6.6
2001:db8:1::1 | 6.6.6.6 | 6.6.6.6
2001:db8:1:ffff:ffff:ffff:ffff:ffff | 6.6.6.6 | 6.6.6.6
2001:db8:1::1%eth0 | 6.6.6.6 | 6.6.6.6
fd00::1 | 6.6.6.6 | 6.6.6.6
fd00:0:0::0:1 | 6.6.6.6 | 6.6.6.6
10.0.0.1 | 1.1.1.1, 2.2.2.2 | 2.2.2.2
10.0.0.1 | 1.1.1.1,2.2.2.2 | 2.2.2.2
10.0.0.1 | 1.1.1.1 ,	2.2.2.2 | 2.2.2.2
10.0.0.1 | 1.1.1.1; 2.2.2.2 | 2.2.2.2
10.0.0.1 | 1.1.1.1, 10.0.0.2 | 1.1.1.1
10.0.0.1 | 1.1.1.1; 10.0.0.2 | 1.1.1.1
10.0.0.1 | 1.1.1.1, 2.2.2.2, 10.0.0.2 | 2.2.2.2
10.0.0.1 | 1.1.1.1, 10.0.0.3, 10.0.0.2 | 1.1.1.1
10.0.0.1 | 10.9.9.9, 1.1.1.1, 10.0.0.2 | 1.1.1.1
10.0.0.1 | 1.1.1.1, 2001:db8:1::5, 192.168.1.1 | 1.1.1.1
10.0.0.1 | 2001:db8:7::5 | 2001:db8:7::5
10.0.0.1 | 2001:DB8:7::0005 | 2001:db8:7::5
10.0.0.1 | ::ffff:1.1.1.1 | 1.1.1.1
10.0.0.1 | 1.1.1.1, ::ffff:10.0.0.2 | 1.1.1.1
10.0.0.1 | 1.1.1.1, ::ffff:a00:2 | 1.1.1.1
10.0.0.1 | 1.1.1.1, ::10.0.0.2 | ::a00:2
10.0.0.1 | 10.0.0.2 | 10.0.0.2
10.0.0.1 | 10.0.0.3, 10.0.0.2 | 10.0.0.3
10.0.0.1 | 127.0.0.1 | 127.0.0.1
10.0.0.1 | junk | -
10.0.0.1 | unknown | -
10.0.0.1 | _hidden | -
10.0.0.1 | 1.1.1.1, junk | -
10.0.0.1 | junk, 1.1.1.1 | 1.1.1.1
10.0.0.1 | junk, 10.0.0.2 | -
10.0.0.1 | 1.1.1.1, junk, 10.0.0.2 | -
10.0.0.1 | , 1.1.1.1 | 1.1.1.1
10.0.0.1 | 1.1.1.1, | -
10.0.0.1 | 1.1.1.1,,10.0.0.2 | -
10.0.0.1 | , | -
10.0.0.1 | 1.1.1.1:80 | -
10.0.0.1 | [2001:db8::1] | -
10.0.0.1 | [2001:db8::1]:443 | -
10.0.0.1 | 1.1.1.1/32 | -
10.0.0.1 | 10.0.0.0/8 | -
10.0.0.1 | fe80::1%eth0 | -
10.0.0.1 | 1.1.1 | -
10.0.0.1 | 1.1.1.1.1 | -
10.0.0.1 | 1.1.1.256 | -
10.0.0.1 | 1.1.1.-1 | -
10.0.0.1 | 01.1.1.1 | -
10.0.0.1 | 010.0.0.2 | -
10.0.0.1 | 1.1.1.1 2.2.2.2 | -
10.0.0.1 | 0x0a000001 | -
10.0.0.1 | 167772161 | -
10.0.0.1 | 10.1 | -
10.0.0.1 | "1.1.1.1" | -
10.0.0.1 | for=1.1.1.1 | -
10.0.0.1 | 1.1.1.1;2.2.2.2x | -
10.0.0.1 | localhost | -
10.0.0.1 | ::g | -
10.0.0.1 | 1::2::3 | -
10.0.0.1 | :: | ::
10.0.0.1 | 0.0.0.0 | 0.0.0.0
10.0.0.1 | 255.255.255.255 | 255.255.255.255
10.0.0.1 | 1:2:3:4:5:6:7 | -
10.0.0.1 | 1:2:3:4:5:6:7:8 | 1:2:3:4:5:6:7:8
10.0.0.1 | 1:2:3:4:5:6:7:8:9 | -
10.0.0.1 | 12345::1 | -
10.0.0.1 | 1.1.1.1\xa0 | -
10.0.0.1 | \xb9.1.1.1 | -
10.0.0.1 | 6.6.6.6, 1.1.1.1, 10.0.0.4; 10.0.0.3; 10.0.0.2 | 1.1.1.1
10.0.0.1 | 6.6.6.6; junk; 1.1.1.1 | 1.1.1.1
10.0.0.1 | 1.1.1.1; junk; 10.0.0.2 | -
fd00::1 | 1.1.1.1, fd00::1, fd00:0::1 | 1.1.1.1
fd00::1 | 1.1.1.1, fd00::2 | fd00::2
2001:db8:1::1 | 2001:db8:0:ffff::1 | 2001:db8:0:ffff::1
 | | -
 | 6.6.6.6 | -
not an address | 6.6.6.6 | -
10.0.0.1, 6.6.6.6 | 6.6.6.6 | -
`;

describe("the client's address", () => {
  for (const row of CHAINS.trim().split("\n")) {
    const [peer = "", chain = "", expected = ""] = row.split("|").map((cell) => cell.replace(/^ +| +$/g, ""));
    test(`of peer ${peer || "none"} with X-Forwarded-For ${JSON.stringify(chain)} is ${expected}`, () => {
      const lines = chain === "" ? [] : chain.split("; ");
      assert.equal(client(peer === "" ? undefined : peer, ...lines), expected === "-" ? null : expected);
    });
  }
});

test("a thousand trusted addresses in a chain are walked through", () => {
  assert.equal(
    client("10.0.0.1", `1.1.1.1, ${Array.from({ length: 1000 }, () => "10.0.0.2").join(",")}`),
    "1.1.1.1",
  );
});

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
    forwarding(undefined, TRUSTED, { port: null }).lines(request()),
    "X-Forwarded-For: unknown\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: Fence.test:8080\r\n",
  );
});

test("a set of addresses merges blocks that overlap, and refuses what is none", () => {
  assert.equal(NOBODY.isEmpty, true);
  assert.equal(TRUSTED.isEmpty, false);
  assert.throws(() => new AddressSet(["10.0.0.1/8"]), RangeError);
  assert.throws(() => new AddressSet(["junk"]), RangeError);
});

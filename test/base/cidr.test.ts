import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseAddress, parseCidr } from "../../src/base/cidr.js";

function blockOf(text: string): { family: 4 | 6; text: string; first: string; last: string } {
  const block = parseCidr(text);
  if (block === null || block === "host-bits") throw new Error(`${text}: ${String(block)}`);
  return block;
}

const hexOf = (text: string): string | undefined => parseAddress(text)?.value.toString(16).padStart(32, "0");

describe("An address or block has one canonical form", () => {
  const cases: [string, string][] = [
    ["192.0.2.7", "192.0.2.7/32"],
    ["192.0.2.0/24", "192.0.2.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["::", "::/128"],
    ["::/0", "::/0"],
    ["2001:DB8:0:0::/32", "2001:db8::/32"],
    ["2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1/128"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3/128"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7/128"],
    ["::ffff:10.1.2.3", "10.1.2.3/32"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["::FFFF:0:0/96", "0.0.0.0/0"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201/128"],
  ];
  for (const [given, canonical] of cases) {
    test(`${given} is ${canonical}`, () => assert.equal(blockOf(given).text, canonical));
  }
});

test("First and last address are hex digits that compare as text, IPv4 as mapped IPv6", () => {
  assert.deepEqual(blockOf("10.0.0.0/8"), {
    family: 4,
    text: "10.0.0.0/8",
    first: "00000000000000000000ffff0a000000",
    last: "00000000000000000000ffff0affffff",
  });
  assert.equal(blockOf("2001:db8::/32").last, "20010db8ffffffffffffffffffffffff");
});

test("Bits below the prefix length are told apart from what is no address", () => {
  assert.equal(parseCidr("10.0.0.1/8"), "host-bits");
  assert.equal(parseCidr("2001:db8::1/32"), "host-bits");
});

test("What is no address is refused", () => {
  const bad = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/",
    "1.2.3.4/-1",
    " 1.2.3.4",
  ];
  const bad6 = [
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::12345",
    "::1/129",
    "fe80::1%eth0",
  ];
  const mixed = [
    "::1.2.3",
    "1.2.3.4::",
    "::g",
    "1:2:3:4:5:6:7::8:9",
    "[::1]",
    "localhost",
    "::ffff:1.2.3.4:5",
  ];
  for (const text of [...bad, ...bad6, ...mixed]) assert.equal(parseCidr(text), null, text);
});

test("Membership agrees with the platform's own block list", () => {
  const address4 = fc.ipV4();
  const address6 = fc.ipV6();
  fc.assert(
    fc.property(
      fc.oneof(address4, address6),
      fc.nat(128),
      fc.oneof(address4, address6),
      (base, length, other) => {
        const family = base.includes(":") ? "ipv6" : "ipv4";
        const bits = family === "ipv6" ? length : length % 33;
        const total = family === "ipv6" ? 128 : 32;
        const value = parseAddress(base)?.value ?? 0n;
        const size = 1n << BigInt(total - bits);
        const first = value - (value % size);
        const network = family === "ipv6" ? groupsOf(first) : dotted(first & 0xffffffffn);
        const block = blockOf(`${network}/${bits}`);
        // Mapped addresses belong to both families, on which the two differ by design.
        if (block.family !== (family === "ipv6" ? 6 : 4) || base.includes(":") !== other.includes(":"))
          return;
        const list = new BlockList();
        list.addSubnet(network, bits, family);
        const hex = hexOf(other) ?? "";
        assert.equal(hex >= block.first && hex <= block.last, list.check(other, family));
      },
    ),
    { numRuns: 2000 },
  );
});

function groupsOf(value: bigint): string {
  return (value.toString(16).padStart(32, "0").match(/.{4}/g) ?? []).join(":");
}

function dotted(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
}

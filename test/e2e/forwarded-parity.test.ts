import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { parseAddress, parseCidr, type Block } from "../../src/base/cidr.js";
import { needs } from "../support/needs.js";
import { createWorld, type World } from "../support/world.js";

/** Two sites with other rules; the peer is always 127.0.0.1. */
const SITES = {
  main: {
    allow: ["192.0.2.0/24", "2001:db8::/32", "10.9.9.9", "198.51.100.7"],
    trusted: ["127.0.0.1", "10.0.0.0/8", "fd00::/8"],
  },
  every6: { allow: ["::/0"], trusted: ["127.0.0.1", "10.0.0.0/8"] },
  every4: { allow: ["0.0.0.0/0"], trusted: ["127.0.0.1", "fd00::/8"] },
  trusts6: { allow: ["192.0.2.0/24"], trusted: ["127.0.0.1", "::/0"] },
  trusts4: { allow: ["2001:db8::/32"], trusted: ["0.0.0.0/0"] },
} as const;

/** Not among them is what nginx itself reads in a way of its own: `192.0.2.07`, `1..2.3`, `:1::2`, `1:2:3:4:5:6:7::`. */
const CHAINS = [
  "192.0.2.0",
  "192.0.2.255",
  "192.0.3.0",
  "203.0.113.1",
  "2001:db8::1",
  "2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff",
  "2001:db9::",
  "::ffff:192.0.2.7",
  "::FFFF:c000:0207",
  "::ffff:203.0.113.1",
  "::192.0.2.7",
  "::",
  "::1",
  "64:ff9b::192.0.2.7",
  "192.0.2.7, 10.1.2.3",
  "192.0.2.7,10.1.2.3 , 10.0.0.1",
  "192.0.2.7, fd00::1, 10.0.0.1",
  "192.0.2.7, ::ffff:10.0.0.1",
  "192.0.2.7, 203.0.113.1",
  "192.0.2.7, 203.0.113.1, 10.0.0.1",
  "203.0.113.1, 192.0.2.7",
  "203.0.113.1, 192.0.2.7, 10.0.0.1",
  "10.0.0.1, 10.0.0.2",
  "10.9.9.9, 10.0.0.2",
  "10.9.9.9",
  "fd00::1",
  "garbage",
  "garbage, 192.0.2.7",
  "192.0.2.7, garbage",
  "192.0.2.7, garbage, 10.0.0.1",
  "10.9.9.9, unknown, 10.0.0.1",
  "192.0.2.7, _hidden",
  "192.0.2.256",
  "192.0.2",
  "192.0.2.7.",
  "2001:db8:::1",
  "2001:db8::1::2",
  "2001:db8::12345",
  "2001:db8:1:2:3:4:5",
  "2001:db8:1:2:3:4:5:6:7",
  "2001:db8::%eth0",
  "192.0.2.7:4711",
  "192.0.2.7:0",
  "192.0.2.7:65536",
  "192.0.2.7:",
  "[2001:db8::1]:4711",
  "[192.0.2.7]:80",
  "[2001:db8::1]",
  "192.0.2.7:4711, 10.0.0.1:80",
  "192.0.2.7/32",
  '"192.0.2.7"',
  "for=192.0.2.7",
  ", 192.0.2.7",
  `${"203.0.113.1, ".repeat(100)}192.0.2.7`,
  `192.0.2.7${", 10.0.0.1".repeat(100)}`,
  `192.0.2.7, 203.0.113.1${", 10.0.0.1".repeat(100)}`,
];

type Rules = (typeof SITES)[keyof typeof SITES];

const hexOf = (value: bigint): string => value.toString(16).padStart(32, "0");
const FIRST_V4 = hexOf(0xffffn << 32n);
const LAST_V4 = hexOf((0xffffn << 32n) + 0xffffffffn);

/** An IPv4 address in IPv6 clothes is IPv4: no IPv6 block takes it. */
function within(blocks: readonly string[], address: bigint): boolean {
  const hex = hexOf(address);
  const family = hex >= FIRST_V4 && hex <= LAST_V4 ? 4 : 6;
  return blocks.some((text) => {
    const block = parseCidr(text) as Block;
    return block.family === family && block.first <= hex && hex <= block.last;
  });
}

/** One element of X-Forwarded-For: an address, perhaps with a port. */
function element(text: string): bigint | null {
  const [, v4, v6, port] = /^(?:([^:[\]]*)|\[([^[\]]*)\]):(\d+)$/.exec(text) ?? [];
  if (port === undefined) return parseAddress(text)?.value ?? null;
  if (Number(port) < 1 || Number(port) > 65_535) return null;
  const address = parseAddress(v4 ?? v6 ?? "");
  return address?.value ?? null;
}

/** What the contract says: from the right, the first address that is no trusted proxy; what is no address ends the walk. */
function passes(rules: Rules, forwarded: string): boolean {
  let client = parseAddress("127.0.0.1")?.value ?? null;
  const elements = forwarded.split(",").map((text) => text.trim());
  while (client !== null && within(rules.trusted, client)) {
    const last = elements.pop();
    if (last === undefined) break;
    client = element(last);
  }
  return client !== null && within(rules.allow, client);
}

const list = (texts: readonly string[]): string => JSON.stringify(texts);
const siteLines = Object.entries(SITES)
  .map(([name, { allow, trusted }]) => {
    const head = name === "main" ? "" : `[site.${name}]\nhosts = ["${name}.test"]\nupstream = "app"\n`;
    return `${head}[site.${name}.exceptions]\nallow = ${list(allow)}\ntrusted_proxies = ${list(trusted)}\n`;
  })
  .join("");

for (const kind of ["nginx", "nginx-lua", "lighttpd", "proxy"] as const) {
  const need = kind === "proxy" ? "linux" : kind;
  suite(`X-Forwarded-For on ${kind}`, needs(need, "root"), () => {
    let world: World;
    before(async () => {
      world = await createWorld({ kind, siteLines });
      assert.equal((await world.fence("apply")).code, 0);
      await world.start();
      const down = await world.fence("down", "--all", "--yes");
      assert.equal(down.code, 0, down.stdout + down.stderr);
    });
    after(() => world.end());

    test("decides as the contract says, whatever is in it", async () => {
      const wrong: string[] = [];
      for (const [name, rules] of Object.entries(SITES)) {
        for (const forwarded of CHAINS) {
          const { status } = await world.get("/", { Host: `${name}.test`, "X-Forwarded-For": forwarded });
          const expected = passes(rules, forwarded) ? 200 : 503;
          if (status !== expected)
            wrong.push(`${name}: ${status}, not ${expected}: ${forwarded.slice(0, 60)}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  });
}

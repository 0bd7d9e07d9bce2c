import dns from "node:dns";
import { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/**
 * Stands in for the resolver of a process that it is loaded into: names are what the file of FENCE_TEST_NAMES says, a JSON
 * object of addresses by name. Who is not there is not found.
 */
const file = process.env["FENCE_TEST_NAMES"] ?? "";

Object.assign(dns.promises, {
  async lookup(name: string) {
    const names = JSON.parse(readFileSync(file, "utf8")) as Record<string, string[]>;
    const addresses = names[name];
    if (addresses === undefined)
      throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
    return addresses.map((address) => ({ address, family: 4 }));
  },
});
syncBuiltinESMExports();

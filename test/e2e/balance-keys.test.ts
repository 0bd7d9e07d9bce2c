import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebServerKind } from "../../src/spec/types.js";
import { inParallel } from "../support/backend-set.js";
import { countsOf, withBalanced, type Balanced } from "../support/balanced.js";
import { ask } from "../support/http-answer.js";
import { needs, type Need } from "../support/needs.js";
import { until } from "../support/world.js";

/** The proxy has a test of its own (proxy-balance.test.ts), and URIs one for all others (balance-kinds.test.ts). */
const KINDS: readonly (readonly [WebServerKind, Need])[] = [
  ["lighttpd", "lighttpd"],
  ["nginx", "nginx"],
  ["nginx-lua", "nginx-lua"],
];
const CLIENTS = 64;

/** Which backend answered each client. */
function placesOfClients({ world }: Balanced, clients: readonly string[], path = "/"): Promise<string[]> {
  return inParallel(clients.length, 8, async (index) => {
    const from = clients[index] ?? "";
    const { status, body } = await ask({ port: world.port, host: "main.test", from, path });
    assert.equal(status, 200, body);
    return body;
  });
}

for (const [kind, need] of KINDS) {
  describe(`What a client has for a key, on ${kind}`, needs("root", need), () => {
    test("sticky is by the client's address: when a backend leaves only its clients move, and they come back", async () => {
      const lines = 'balance = "sticky"\nfail_timeout = "1s"';
      await withBalanced({ kind, lines }, async (set) => {
        const clients = Array.from({ length: CLIENTS }, (_, index) => `127.1.${index % 8}.${index + 1}`);
        const before = await placesOfClients(set, clients);
        assert.deepEqual(await placesOfClients(set, clients, "/other"), before, "whatever it asks for");
        const counts = countsOf(set, before);
        assert.ok(counts.filter((count) => count > 0).length > 1, counts.join());
        const lost = counts.findIndex((count) => count > 0);
        await set.backends[lost]?.close();
        const without = await placesOfClients(set, clients);
        const moved = without.filter((place, index) => place !== before[index]);
        assert.equal(moved.length, counts[lost], "what was its own, and nothing else");
        await set.restart(lost);
        await until("all to be where they were", async () => {
          const places = await placesOfClients(set, clients);
          return places.every((place, index) => place === before[index]);
        });
      });
    });

    if (kind !== "lighttpd") {
      test("by hash of a field or a cookie its value decides", async () => {
        for (const [by, fieldsOf] of [
          ['header = "X-User"', (user: string) => ({ "X-User": user })],
          ['cookie = "sid"', (user: string) => ({ Cookie: `theme=dark; sid=${user}` })],
        ] as const) {
          await withBalanced({ kind, lines: `balance = "hash"\nhash_by = { ${by} }` }, async (set) => {
            const users = Array.from({ length: CLIENTS }, (_, index) => `user-${index}`);
            const placesAt = (path: string): Promise<string[]> =>
              inParallel(users.length, 8, async (index) => {
                const headers = fieldsOf(users[index] ?? "");
                return (await ask({ port: set.world.port, host: "main.test", path, headers })).body;
              });
            const before = await placesAt("/a");
            assert.deepEqual(await placesAt("/b"), before, "whatever it asks for");
            const counts = countsOf(set, before);
            assert.ok(
              counts.every((count) => count > 0),
              counts.join(),
            );
          });
        }
      });
    }
  });
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebServerKind } from "../../src/spec/types.js";
import { countsOf, placesOf, withBalanced, type BalancedOptions } from "../support/balanced.js";
import { needs, type Need } from "../support/needs.js";
import { ok } from "../support/raw-backend.js";
import { chiSquare } from "../support/spread.js";
import { until } from "../support/world.js";

/** The proxy has a test of its own (proxy-balance.test.ts). */
const KINDS: readonly (readonly [WebServerKind, Need])[] = [
  ["lighttpd", "lighttpd"],
  ["nginx", "nginx"],
  ["nginx-lua", "nginx-lua"],
];
const EVEN = [1, 1, 1, 1];
/** Asked for twice each. */
const URIS = 400;

for (const [kind, need] of KINDS) {
  describe(`Several backends on ${kind}`, needs("root", need), () => {
    test("round-robin gives each the same number of requests", async () => {
      await withBalanced({ kind, lines: "" }, async (set) => {
        assert.deepEqual(countsOf(set, await placesOf(set, 800)), [200, 200, 200, 200]);
      });
    });

    if (kind !== "lighttpd") {
      test("random comes close to that", async () => {
        await withBalanced({ kind, lines: 'balance = "random"' }, async (set) => {
          const counts = countsOf(set, await placesOf(set, 1200, undefined, 1));
          assert.ok(chiSquare(counts, EVEN) < 30, counts.join());
        });
      });
    }

    test("a slow backend gets few requests by least-connection", async () => {
      const onRequest: NonNullable<BalancedOptions["onRequest"]> = ({ socket }, index) => {
        if (index === 0) setTimeout(() => socket.write(ok("0")), 200);
        else socket.write(ok(String(index)));
      };
      const lines = 'balance = "least-connection"';
      await withBalanced({ kind, weights: [1, 1, 1], lines, onRequest }, async (set) => {
        const [slow = 0] = countsOf(set, await placesOf(set, 180, undefined, 6));
        assert.ok(slow > 0 && slow < 180 * 0.2, `${slow} of 180, where a third would be its turn`);
      });
    });

    test("by hash a URI has its backend; when one leaves only its URIs move, and they come back with it", async () => {
      const lines = 'balance = "hash"\nfail_timeout = "1s"';
      await withBalanced({ kind, lines }, async (set) => {
        const pathOf = (index: number): string => `/item/${index % URIS}`;
        const before = await placesOf(set, 2 * URIS, pathOf);
        assert.deepEqual(before.slice(URIS), before.slice(0, URIS), "the same URI, the same backend");
        const counts = countsOf(set, before.slice(0, URIS));
        assert.ok(
          counts.every((count) => count > URIS / 10),
          counts.join(),
        );
        await set.backends[0]?.close();
        const without = await placesOf(set, URIS, pathOf);
        const moved = without.filter((place, index) => place !== before[index]);
        assert.equal(moved.length, counts[0], "what was its own, and nothing else");

        await set.restart(0);
        await until("all to be where they were", async () => {
          const places = await placesOf(set, URIS, pathOf);
          return places.every((place, index) => place === before[index]);
        });
      });
    });
  });
}

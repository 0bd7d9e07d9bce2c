import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebServerKind } from "../../src/spec/types.js";
import { countsOf, placesOf, withBalanced } from "../support/balanced.js";
import { ask } from "../support/http-answer.js";
import { needs, type Need } from "../support/needs.js";
import { ok, type RawRequest } from "../support/raw-backend.js";
import { chiSquare } from "../support/spread.js";
import { until } from "../support/world.js";

const KINDS: readonly (readonly [WebServerKind, Need])[] = [
  ["nginx", "nginx"],
  ["nginx-lua", "nginx-lua"],
  ["proxy", "linux"],
];
const WEIGHTS = [3, 2, 1];
/** Twelve requests that wait at the backends, in the shares of the weights. */
const TWELVE = [6, 4, 2];

for (const [kind, need] of KINDS) {
  describe(`Weights on ${kind}`, needs("root", need), () => {
    test("round-robin is exact", async () => {
      await withBalanced({ kind, weights: WEIGHTS, lines: "" }, async (set) => {
        const places = await placesOf(set, 600);
        assert.deepEqual(countsOf(set, places), [300, 200, 100]);
      });
    });

    test("least-connection has each backend busy by its weight", async () => {
      const waiting: RawRequest[] = [];
      const onRequest = (request: RawRequest): void => {
        if (request.head.startsWith("GET /wait ")) waiting.push(request);
        else request.socket.write(ok(""));
      };
      const lines = 'balance = "least-connection"';
      await withBalanced({ kind, weights: WEIGHTS, lines, onRequest }, async (set) => {
        const one = { port: set.world.port, host: "main.test", path: "/wait" };
        const asked = Array.from({ length: 12 }, () => ask(one));
        await until("all to be at a backend", () => waiting.length === 12);
        const counts = set.backends.map(
          ({ requests }) => requests.filter((request) => waiting.includes(request)).length,
        );
        for (const { socket } of waiting) socket.write(ok("late"));
        await Promise.all(asked);
        assert.deepEqual(counts, TWELVE);
      });
    });

    test("random comes close to them", async () => {
      await withBalanced({ kind, weights: WEIGHTS, lines: 'balance = "random"' }, async (set) => {
        // One after the other, so that every backend is idle and nothing but chance decides.
        const counts = countsOf(set, await placesOf(set, 3000, undefined, 1));
        // nginx takes the second of the two that it draws, which is the heaviest less often (docs/capabilities.md).
        const shares = kind === "proxy" ? WEIGHTS : [0.35, 0.4, 0.25];
        assert.ok(chiSquare(counts, shares) < 30, counts.join());
      });
    });

    test("a hash gives each backend its share of the URIs", async () => {
      await withBalanced({ kind, weights: WEIGHTS, lines: 'balance = "hash"' }, async (set) => {
        const counts = countsOf(set, await placesOf(set, 3000, (index) => `/item/${index}`));
        if (kind === "proxy") assert.ok(chiSquare(counts, WEIGHTS) < 30, counts.join());
        // 160 points of a ring for each unit of weight: a share is off by a twelfth of itself (one standard deviation).
        else
          for (const [index, count] of counts.entries()) {
            const wanted = (3000 * (WEIGHTS[index] ?? 0)) / 6;
            assert.ok(Math.abs(count - wanted) < wanted * 0.5, counts.join());
          }
      });
    });
  });
}

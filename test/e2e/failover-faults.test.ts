import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { monotonicMs } from "../../src/base/clock.js";
import type { WebServerKind } from "../../src/spec/types.js";
import { withBalanced, type Balanced } from "../support/balanced.js";
import { inParallel } from "../support/backend-set.js";
import { ask } from "../support/http-answer.js";
import { needs, type Need } from "../support/needs.js";
import { ok, startRawBackend, type RawBackend, type RawRequest } from "../support/raw-backend.js";
import { countOf } from "../support/spread.js";
import { startStuckBackend } from "../support/stuck-backend.js";
import { createWorld, until } from "../support/world.js";

/** The proxy has a test of its own (proxy-failover.test.ts). */
const KINDS: readonly (readonly [WebServerKind, Need])[] = [
  ["lighttpd", "lighttpd"],
  ["nginx", "nginx"],
  ["nginx-lua", "nginx-lua"],
];
const REQUESTS = 12;

/** How the first of two backends fails, and what the client of a request that may not be sent again is told. */
const FAULTS: readonly {
  what: string;
  fail: (request: RawRequest) => void;
  lines: string;
  lost: Readonly<Record<"lighttpd" | "nginx", number>>;
}[] = [
  {
    what: "closes without an answer",
    fail: ({ socket }) => socket.destroy(),
    lines: "",
    lost: { lighttpd: 500, nginx: 502 },
  },
  { what: "says nothing", fail: () => {}, lines: 'read_timeout = "1s"', lost: { lighttpd: 504, nginx: 504 } },
];

/** So many requests at once, each with a number of its own, and their statuses. */
function statusesOf({ world }: Pick<Balanced, "world">, method: "GET" | "POST"): Promise<number[]> {
  return inParallel(REQUESTS, REQUESTS, async (index) => {
    const path = `/${method}/${index}`;
    const body = method === "POST" ? { body: Buffer.from("a form") } : {};
    return (await ask({ port: world.port, host: "main.test", method, path, ...body })).status;
  });
}

const targetOf = ({ head }: RawRequest): string => head.split(" ")[1] ?? "";

/** Of all that was asked of backends by these tests. */
function targetsAt(backends: readonly RawBackend[]): string[] {
  return backends.flatMap(({ requests }) => requests.map(targetOf)).filter((target) => target !== "/");
}

for (const [kind, need] of KINDS) {
  describe(`A backend of two that fails, on ${kind}`, needs("root", need), () => {
    for (const { what, fail, lines, lost } of FAULTS) {
      const lostStatus = lost[kind === "lighttpd" ? "lighttpd" : "nginx"];
      // What asks whether the server is there is answered: nobody knows yet that a backend fails.
      const onRequest = (request: RawRequest, index: number): void => {
        if (index === 0 && targetOf(request) !== "/") fail(request);
        else request.socket.write(ok("well"));
      };
      test(`It ${what}: ${kind === "lighttpd" ? "what it has taken is lost" : "every GET is answered by the other"}, and no POST is sent again`, async () => {
        await withBalanced({ kind, weights: [1, 1], lines, onRequest }, async (set) => {
          // All at once, before anybody knows.
          const [gets, posts] = await Promise.all([statusesOf(set, "GET"), statusesOf(set, "POST")]);
          const taken = targetsAt(set.backends.slice(0, 1));
          const lostOf = (method: string): number[] =>
            taken.filter((target) => target.startsWith(`/${method}/`)).map(() => lostStatus);
          assert.ok(taken.length > 0, "it was asked");
          const failed = (statuses: readonly number[]): number[] =>
            statuses.filter((status) => status !== 200);
          // lighttpd asks no other backend once one has taken a request.
          assert.deepEqual(failed(gets), kind === "lighttpd" ? lostOf("GET") : []);
          assert.deepEqual(failed(posts), lostOf("POST"));
          const asked = countOf(targetsAt(set.backends).filter((target) => target.startsWith("/POST/")));
          assert.equal(asked.size, REQUESTS);
          assert.deepEqual(
            [...asked].filter(([, times]) => times > 1),
            [],
          );
        });
      });
    }

    test("It takes no connection: the other answers, whatever the request", async () => {
      const stuck = await startStuckBackend();
      const well = await startRawBackend(({ socket }) => socket.write(ok("well")));
      const world = await createWorld({
        kind,
        backends: [`"127.0.0.1:${stuck.port}"`, `"127.0.0.1:${well.port}"`],
        upstreamLines: 'connect_timeout = "1s"\nfail_timeout = "1s"',
      });
      try {
        const { code, stderr } = await world.fence("apply");
        assert.equal(code, 0, stderr);
        await world.start();
        // Until one has waited for it: it is passed over for a second each time.
        await until("some to be slow", async () => {
          const since = monotonicMs();
          for (const method of ["POST", "GET"] as const)
            assert.deepEqual(new Set(await statusesOf({ world }, method)), new Set([200]), method);
          return monotonicMs() - since >= 900;
        });
        assert.equal(targetsAt([well]).length % (2 * REQUESTS), 0, "each came once");
      } finally {
        await world.end();
        await well.close();
        stuck.end();
      }
    });
  });
}

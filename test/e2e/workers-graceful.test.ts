import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import type { WebServerKind } from "../../src/spec/types.js";
import { residentBytes } from "../../src/workers/procfs.js";
import { startLoad } from "../support/load.js";
import { createWorkers, needsOf, startFront, type WorkersOptions } from "../support/workers.js";

/** 200 and 100000 when there is the time. */
const REPLACEMENTS = Number(process.env["FENCE_WORKERS_REPLACEMENTS"] ?? "3");
const REQUESTS = Number(process.env["FENCE_WORKERS_REQUESTS"] ?? "0");
/** What is counted is the same, and the replacements have the machine to themselves. */
const PAUSE_MS = REQUESTS === 0 ? 10 : 0;
/** What the heap of Node comes to within some ten replacements; from then on it stays. */
const HEAP_GROWTH_BYTES = 96 * 1024 * 1024;

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

interface Row extends WorkersOptions {
  front: WebServerKind;
  body?: string;
}

const ROWS: readonly Row[] = [
  { front: "nginx", program: "php", socket: "unix" },
  { front: "nginx", program: "perl", socket: "tcp" },
  { front: "lighttpd", program: "perl", socket: "unix" },
  { front: "lighttpd", program: "php", socket: "tcp" },
  { front: "proxy", program: "engine", socket: "unix" },
  { front: "proxy", program: "perl", socket: "tcp", body: "n=1" },
  { front: "proxy", program: "http", socket: "unix", body: "n=1" },
  { front: "nginx", program: "http", socket: "tcp", body: "n=1" },
  { front: "lighttpd", program: "http", socket: "unix", body: "n=1" },
  { front: "nginx", program: "scgi", socket: "unix", body: "n=1" },
  { front: "proxy", program: "scgi", socket: "tcp" },
];

for (const { body, ...options } of ROWS)
  describe(`${options.program} behind ${options.front}, ${options.socket}`, needsOf(options), () => {
    test(`${REPLACEMENTS} graceful replacements under load lose nothing, and leave nothing behind`, async (t) => {
      const world = await createWorkers(options);
      await world.workers("start");
      const server = await startFront(world, options.front);
      const { supervisor, keeper } = await world.status();
      const usage = () =>
        [supervisor.pid, keeper?.pid ?? 0].map((pid) => ({
          descriptors: readdirSync(`/proc/${pid}/fd`).length,
          bytes: residentBytes(pid) ?? 0,
        }));
      const seen = new Set<number>();
      let rounds = 0;
      const load = startLoad({
        port: world.port,
        hostHeader: "main.test",
        connections: 6,
        path: `${world.path}?sleep=3`,
        pauseMs: PAUSE_MS,
        ...(body === undefined ? {} : { body }),
        accepts: (status) => (status === 200 ? "ok" : null),
      });
      try {
        await world.workers("graceful");
        const before = usage();
        for (rounds = 1; rounds < REPLACEMENTS || load.responses() < REQUESTS; rounds += 1) {
          await world.graceful();
          const pids = await world.pids();
          assert.equal(pids.length, 2);
          for (const pid of pids) {
            assert.ok(!seen.has(pid), `${pid} is new`);
            seen.add(pid);
          }
        }
        usage().forEach(({ descriptors, bytes }, index) => {
          const was = before[index] ?? { descriptors: 0, bytes: 0 };
          t.diagnostic(
            `${["supervisor", "keeper"][index]}: ${was.descriptors} descriptors and ${mebibytes(was.bytes)} after the first replacement, ${descriptors} and ${mebibytes(bytes)} after the last`,
          );
          assert.ok(
            descriptors <= was.descriptors + 2,
            `${descriptors} descriptors, were ${was.descriptors}`,
          );
          assert.ok(bytes < was.bytes + HEAP_GROWTH_BYTES, `${bytes} bytes, were ${was.bytes}`);
        });
      } finally {
        const report = await load.stop();
        await server.stop();
        await world.end();
        const { connectionErrors, wrong, badFraming, responses, faults } = report;
        t.diagnostic(
          `${rounds} replacements, ${responses} requests answered, ${connectionErrors} connections lost, ${wrong + badFraming} answers wrong`,
        );
        assert.deepEqual(
          { connectionErrors, wrong, badFraming },
          { connectionErrors: 0, wrong: 0, badFraming: 0 },
          faults.join("; "),
        );
        assert.ok(responses > 100, `${responses} responses`);
      }
    });
  });

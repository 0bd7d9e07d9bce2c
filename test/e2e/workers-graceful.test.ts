import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { WebServerKind } from "../../src/spec/types.js";
import { residentBytes } from "../../src/workers/procfs.js";
import { FENCE, runProgram } from "../cli/run-fence.js";
import { HeapProbe, type HeapFacts } from "../support/heap.js";
import { startLoad } from "../support/load.js";
import {
  createWorkers,
  needsOf,
  startFront,
  type WorkersOptions,
  type WorkersWorld,
} from "../support/workers.js";
import { until } from "../support/world.js";

/** 200 and 100000 when there is the time. */
const REPLACEMENTS = Number(process.env["FENCE_WORKERS_REPLACEMENTS"] ?? "3");
const REQUESTS = Number(process.env["FENCE_WORKERS_REQUESTS"] ?? "0");
/** Longer requests where few are wanted: each look finds the processes in the middle of one, and the machine is idle. */
const LOAD = REQUESTS === 0 ? { requestMs: 40, pauseMs: 20 } : { requestMs: 3, pauseMs: 0 };
/** From here on memory is compared: by then nearly all code was called, and compiled. */
const WARM_UP = REPLACEMENTS < 40 ? 1 : 20;
const MEBIBYTE = 1024 * 1024;
/** Of what is no garbage. */
const LIVE_GROWTH_BYTES = 1.5 * MEBIBYTE;
/** Of all: Node lets garbage grow to so much before it looks for it. */
const RESIDENT_GROWTH_BYTES = 32 * MEBIBYTE;

const mebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;

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

/** One of the two processes of fence, and what it has of memory and descriptors. */
class Watched {
  private peakBytes = 0;

  private constructor(
    private readonly name: string,
    private readonly pid: number,
    private readonly probe: HeapProbe,
    private readonly before: HeapFacts & { descriptors: number },
  ) {}

  static async of(name: string, pid: number, world: WorkersWorld): Promise<Watched> {
    const probe = await HeapProbe.attach(pid, () => world.log());
    return new Watched(name, pid, probe, { ...(await probe.look()), descriptors: descriptorsOf(pid) });
  }

  sample(): void {
    this.peakBytes = Math.max(this.peakBytes, residentBytes(this.pid) ?? 0);
  }

  /** Says what has grown; nothing may have. */
  async conclude(tell: (text: string) => void): Promise<void> {
    const { name, pid, before, peakBytes } = this;
    const { liveBytes, bufferBytes } = await this.probe.look();
    tell(
      `${name}: ${mebibytes(before.liveBytes)} in use after ${WARM_UP} replacements, ${mebibytes(liveBytes)} after ` +
        `the last; buffers ${mebibytes(before.bufferBytes)}, ${mebibytes(bufferBytes)}; resident ${mebibytes(before.residentBytes)}, at most ${mebibytes(peakBytes)}; ` +
        `${before.descriptors} descriptors, ${descriptorsOf(pid)}`,
    );
    // The connection of the last command may still be open.
    await until(`${name} to have no more descriptors`, () => descriptorsOf(pid) <= before.descriptors);
    assert.ok(liveBytes < before.liveBytes + LIVE_GROWTH_BYTES, `${name}: ${liveBytes} bytes in use`);
    assert.ok(
      peakBytes < before.residentBytes + RESIDENT_GROWTH_BYTES,
      `${name}: ${peakBytes} bytes resident`,
    );
  }

  end(): void {
    this.probe.end();
  }
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** As `fence workers start`, and the memory of what runs then can be looked into. */
async function startInspectable({ folder }: WorkersWorld): Promise<void> {
  const args = ["--inspect-port=0", FENCE, "-c", join(folder, "fence.toml"), "workers", "start"];
  const { code, stderr } = await runProgram(process.execPath, args);
  assert.equal(code, 0, stderr);
}

for (const { body, ...options } of ROWS)
  describe(`${options.program} behind ${options.front}, ${options.socket}`, needsOf(options), () => {
    test(`${REPLACEMENTS} graceful replacements under load lose nothing, and leave nothing behind`, async (t) => {
      const world = await createWorkers(options);
      await startInspectable(world);
      const server = await startFront(world, options.front);
      const { supervisor, keeper } = await world.status();
      const seen = new Set<number>();
      const watched: Watched[] = [];
      let rounds = 0;
      const load = startLoad({
        port: world.port,
        hostHeader: "main.test",
        connections: 6,
        path: `${world.path}?sleep=${LOAD.requestMs}`,
        pauseMs: LOAD.pauseMs,
        ...(body === undefined ? {} : { body }),
        accepts: (status) => (status === 200 ? "ok" : null),
      });
      try {
        for (rounds = 0; rounds < REPLACEMENTS || load.responses() < REQUESTS; rounds += 1) {
          if (rounds === WARM_UP) {
            watched.push(await Watched.of("supervisor", supervisor.pid, world));
            watched.push(await Watched.of("keeper", keeper?.pid ?? 0, world));
          }
          await world.graceful();
          const pids = await world.pids();
          assert.equal(pids.length, 2);
          for (const pid of pids) {
            assert.ok(!seen.has(pid), `${pid} is new`);
            seen.add(pid);
          }
          for (const one of watched) one.sample();
        }
        for (const one of watched) await one.conclude((text) => t.diagnostic(text));
      } finally {
        for (const one of watched) one.end();
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
        assert.ok(responses >= 10 * REPLACEMENTS, `${responses} responses`);
      }
    });
  });

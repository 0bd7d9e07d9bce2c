import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { childrenOf } from "../../src/base/process-info.js";
import { ask } from "../support/http-answer.js";
import { HOLDING_KINDS, startHeldWorld, type HeldWorld } from "../support/held-world.js";
import { needs } from "../support/needs.js";
import { RawClient } from "../support/raw-client.js";
import { until } from "../support/world.js";

const HELD_MAX = 150;
const ATTACKERS = 450;
const BODY_BYTES = 16 * 1024;
/** What a request that waits may cost all processes together, its body included, and what they may grow by besides. */
const BYTES_PER_REQUEST = 192 * 1024;
const BYTES_BESIDES = 128 * 1024 * 1024;

const BODY = "x".repeat(BODY_BYTES);

/** The server, its workers, and the gate. */
function pidsOf(world: HeldWorld): number[] {
  const gate = join(world.folder, "run/gate/server.pid");
  const first = [world.masterPid(), ...(existsSync(gate) ? [Number(readFileSync(gate, "utf8"))] : [])];
  return first.flatMap((pid) => [pid, ...childrenOf(pid)]);
}

/** Bytes of memory that are in use, of all of them. */
function memoryOf(world: HeldWorld): number {
  const kilobytes = pidsOf(world).map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) * 1024;
}

describe("While a site is held and many more come than may wait", () => {
  for (const held of HOLDING_KINDS.filter(({ workers }) => workers > 0)) {
    test(
      `on ${held.name} they are told to come again, and who may pass is served`,
      needs(...held.need),
      async (context) => {
        const siteLines = `[site.main.exceptions]\npass = ["/pass"]\n`;
        const world = await startHeldWorld(held, { siteLines });
        try {
          await world.hold("--max-held", String(HELD_MAX));
          const from = await world.executedNow();
          const before = memoryOf(world);
          const attackers = Array.from({ length: ATTACKERS }, (_, n) =>
            new RawClient(world.port).send(
              `POST /?id=flood-${n} HTTP/1.1\r\nHost: main.test\r\nContent-Length: ${BODY_BYTES}\r\n\r\n${BODY}`,
            ),
          );
          const turnedAway = (): RawClient[] =>
            attackers.filter(({ text }) => text.startsWith("HTTP/1.1 503 "));
          const took: number[] = [];
          // Not only those who are many: each of its requests is answered at its time.
          await until("the flood to be at its height", async () => {
            const began = performance.now();
            const { status } = await ask({
              port: world.port,
              host: "main.test",
              path: `/pass?id=pass-${took.length}`,
            });
            took.push(performance.now() - began);
            assert.equal(status, 200);
            return turnedAway().length >= ATTACKERS - HELD_MAX && took.length >= 50;
          });
          assert.equal((await world.site()).hold?.held, HELD_MAX);
          assert.equal(turnedAway().length, ATTACKERS - HELD_MAX);
          for (const { text } of turnedAway()) assert.match(text, /^Retry-After: \d+\r$/im);
          took.sort((a, b) => a - b);
          const grown = memoryOf(world) - before;
          context.diagnostic(
            `${took.length} requests that may pass, median ${took[took.length >> 1]?.toFixed(1)} ms, slowest ` +
              `${took.at(-1)?.toFixed(0)} ms; ${(grown / 2 ** 20).toFixed(0)} MiB more`,
          );
          assert.ok(grown < HELD_MAX * BYTES_PER_REQUEST + BYTES_BESIDES, `${grown} bytes`);
          const ids = (): string[] => world.seen(from).filter((id) => id.startsWith("flood-"));
          await world.executedNow();
          assert.deepEqual(ids(), []);
          await world.done("release");
          await until("those that waited to be answered", () =>
            attackers.every(({ text }) => /^HTTP\/1\.1 (?:200|503) /.test(text)),
          );
          await world.executedNow();
          assert.equal(new Set(ids()).size, HELD_MAX);
          assert.equal(ids().length, HELD_MAX);
          for (const { socket } of attackers) socket.destroy();
        } finally {
          await world.end();
        }
      },
    );
  }
});

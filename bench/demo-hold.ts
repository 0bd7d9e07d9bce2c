import { setTimeout as pause } from "node:timers/promises";
import { adapterOf } from "../src/servers/registry.js";
import type { ServerKind } from "../src/spec/types.js";
import { startCountingBackend, type CountingBackend } from "../test/support/counting-backend.js";
import { freePort } from "../test/support/world.js";
import { startClients, type TimedOutcome } from "./load-clients.js";
import { createStand, fence, mainConfigOf, startServer } from "./stand.js";

const CLIENTS = 24;
/** How long the backend is gone. */
const RESTART_MS = 800;
/** What became of every request. */
export interface HoldAccount {
  sent: number;
  /** 200, the whole answer, with the digest of the body that was sent. */
  right: number;
  /** Refused, cut, answered with anything else, or not with what was asked for. */
  failed: string[];
  /** Ids that the backend has executed more than once. */
  twice: number;
  longestMs: number;
}

export function canHold(kind: ServerKind): boolean {
  return adapterOf(kind).modes.includes("hold");
}

/**
 * A backend that is killed and started again while clients send GETs and POSTs without a pause, held by the real program
 * on the real server.
 * @param say prints one line
 * @param isStopping asked between the steps
 */
export async function showHold(
  kind: ServerKind,
  restarts: number,
  say: (line: string) => void,
  isStopping: () => boolean,
): Promise<HoldAccount> {
  const backend = await startCountingBackend(await freePort());
  const stand = await createStand({ kind, workers: 2, backendPort: backend.port });
  const closing = [() => backend.kill(), () => stand.close()];
  try {
    await fence(stand, "apply");
    const server = await startServer(kind, mainConfigOf(stand), stand.port);
    closing.unshift(() => server.stop());
    const clients = startClients(stand.port, CLIENTS);
    for (let round = 0; round < restarts && !isStopping(); round += 1) {
      await pause(400);
      await fence(stand, "hold", "main", "--reason", `demo, restart ${round + 1}`);
      say("  $ fence hold main      nothing is at the backend any more; new requests wait");
      await backend.kill();
      await pause(RESTART_MS);
      await backend.start();
      say(`    the backend is killed, and started again ${RESTART_MS} ms later`);
      await fence(stand, "release", "main");
      say("  $ fence release main   those that waited have gone on, in their order");
    }
    await pause(400);
    return accountOf(await clients.stop(), backend);
  } finally {
    for (const close of closing) await close();
  }
}

function accountOf(outcomes: readonly TimedOutcome[], backend: CountingBackend): HoldAccount {
  const ids = backend.executed().map(({ id }) => id);
  const wrong = outcomes.filter(({ status, isRight }) => status !== 200 || !isRight);
  return {
    sent: outcomes.length,
    right: outcomes.length - wrong.length,
    failed: wrong.map(({ id, kind, status, error }) => `${kind} ${id}: ${error || `status ${status}`}`),
    twice: ids.length - new Set(ids).size,
    longestMs: Math.max(...outcomes.map(({ tookMs }) => tookMs)),
  };
}

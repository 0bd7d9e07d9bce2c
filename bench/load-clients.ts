import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { MISSED, sendOne, type Outcome } from "../test/support/hold-clients.js";

const PAUSE_MS = 20;
const REQUEST_KINDS = ["get", "post", "chunked"] as const;
/** Longer than the buffers of a server, once in a while. */
const SIZES = [300, 300, 300, 300, 20_000, 300_000];

/** Every how-manieth request is left by its client, of those that leave, and after how long at the most. */
const LEAVE_EVERY = 17;
const LEAVE_MS_MAX = 60;

export interface TimedOutcome extends Outcome {
  tookMs: number;
  /** Sent again, on a connection of its own: the kept one had ended. */
  isSecond: boolean;
}

export interface Load {
  /** Requests that have ended so far. */
  sent(): number;
  stop(): Promise<TimedOutcome[]>;
}

/**
 * Clients that send one request after the other: GETs, POSTs and chunked POSTs with ids of their own, half of the clients
 * on connections that they keep. A request that meets the end of its connection is sent again, as browsers do.
 * @param leave now and then one does not wait for its answer
 */
export function startClients(port: number, count: number, leave = false): Load {
  const agent = new http.Agent({ keepAlive: true, maxSockets: count });
  const done: TimedOutcome[] = [];
  let isOver = false;
  const clients = Array.from({ length: count }, async (_, number) => {
    for (let turn = number; !isOver; turn += 1) {
      const kind = REQUEST_KINDS[turn % REQUEST_KINDS.length] ?? "get";
      const size = SIZES[turn % SIZES.length] ?? 300;
      const began = performance.now();
      const leaveAfterMs = leave && turn % LEAVE_EVERY === 0 ? turn % LEAVE_MS_MAX : null;
      const via = number % 2 === 0 ? agent : false;
      const send = (agent: http.Agent | false): Promise<Outcome> =>
        sendOne(port, `${number}-${turn}`, kind, size, agent, leaveAfterMs);
      const first = await send(via);
      const isSecond = first.error === MISSED;
      const outcome = isSecond ? await send(false) : first;
      // Of a million answers that are right nobody reads the fields.
      const headers = outcome.isRight ? {} : outcome.headers;
      done.push({ ...outcome, headers, isSecond, tookMs: performance.now() - began });
      await pause(PAUSE_MS);
    }
  });
  return {
    sent: () => done.length,
    async stop() {
      isOver = true;
      await Promise.all(clients);
      agent.destroy();
      return done;
    },
  };
}

import { readFileSync } from "node:fs";
import { waitUntil } from "../base/clock.js";
import { FEWER_HEADER, IN_FLIGHT_STEPS } from "../servers/in-flight-steps.js";
import type { Listen, Server, Site } from "../spec/types.js";
import { askListener, probeHosts } from "./probe.js";

const TURN_TIMEOUT_MS = 2000;
const LOOK_MS = 2;
/** Workers that are asked for at once. */
const AT_ONCE = 8;

/**
 * How many requests of a site the workers of a stock nginx have on their way to the backends: 0 is exact, another number
 * is the least there are. A request is counted a moment after it has found the flag of the active variant, in the same
 * turn of its worker. So first each worker must be seen between two turns: then it has no request any more that has
 * found an older variant and is not counted yet.
 * @returns null: it cannot be told
 */
export async function countInFlight(
  site: Site,
  server: Server,
  pids: readonly number[],
): Promise<number | null> {
  const [listen] = site.listen[server.name] ?? [];
  const [host] = probeHosts(site);
  if (listen === undefined || host === undefined) return null;
  const turned = await Promise.all(pids.map(hasTurned));
  if (turned.includes(false)) return null;
  let sum = 0;
  for (let start = 0; start < pids.length; start += AT_ONCE) {
    const counts = await Promise.all(
      pids.slice(start, start + AT_ONCE).map((pid) => countOf(listen, host, pid)),
    );
    for (const count of counts) {
      if (count === null) return null;
      sum += count;
    }
  }
  return sum;
}

/** Whether a worker is seen where it waits for events, or has ended. */
async function hasTurned(pid: number): Promise<boolean> {
  const seen = await waitUntil(() => Promise.resolve(isBetweenTurns(pid) ? true : null), {
    timeoutMs: TURN_TIMEOUT_MS,
    intervalMs: LOOK_MS,
  });
  return seen !== null;
}

/** By the function of the kernel in which it sleeps (proc_pid_wchan(5)). */
function isBetweenTurns(pid: number): boolean {
  try {
    return /epoll|ep_poll/.test(readFileSync(`/proc/${pid}/wchan`, "latin1"));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** @returns the greatest step that there are no fewer than; null: no answer, or one of an older config */
async function countOf(listen: Listen, host: string, pid: number): Promise<number | null> {
  let least = 0;
  try {
    for (const step of IN_FLIGHT_STEPS) {
      const { status, headers } = await askListener(listen, host, `?fewer=${step}&worker=${pid}`);
      if (status === 200 && headers[FEWER_HEADER.toLowerCase()] === String(step)) return least;
      if (status !== 409) return null;
      least = step;
    }
    return least;
  } catch {
    return null;
  }
}

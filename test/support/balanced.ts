import assert from "node:assert/strict";
import type { WebServerKind } from "../../src/spec/types.js";
import { inParallel, keeping } from "./backend-set.js";
import { ask } from "./http-answer.js";
import { ok, startRawBackend, type RawBackend, type RawRequest } from "./raw-backend.js";
import { countOf } from "./spread.js";
import { createWorld, type World } from "./world.js";

/** A server of any kind in front of several backends in this process, each of which answers with its number, from 0. */
export interface Balanced {
  world: World;
  backends: readonly RawBackend[];
  /** Starts a backend again that was closed. */
  restart(index: number): Promise<void>;
  end(): Promise<void>;
}

export interface BalancedOptions {
  kind: WebServerKind;
  /** One backend for each; default: four that weigh 1. */
  weights?: readonly number[];
  /** Lines for `[upstream.app]`. */
  lines: string;
  onRequest?: (request: RawRequest, index: number) => void;
}

async function startBalanced({
  kind,
  weights = [1, 1, 1, 1],
  lines,
  onRequest = ({ socket }, index) => socket.write(ok(String(index))),
}: BalancedOptions): Promise<Balanced> {
  // Each has an address of its own: lighttpd's hash looks at no port.
  const hostOf = (index: number): string => `127.0.0.${index + 1}`;
  const startOne = (index: number, port = 0): Promise<RawBackend> =>
    startRawBackend((request) => onRequest(request, index), { host: hostOf(index), port });
  const backends = await Promise.all(weights.map((_, index) => startOne(index)));
  const addressOf = (index: number): string => `${hostOf(index)}:${backends[index]?.port}`;
  const isWeighted = weights.some((weight) => weight !== 1);
  const world = await createWorld({
    kind,
    // A process of its own counts for itself.
    serverLines: kind === "lighttpd" ? "" : "workers = 1",
    upstreamLines: lines,
    backends: weights.map((weight, index) =>
      isWeighted ? `{ address = "${addressOf(index)}", weight = ${weight} }` : `"${addressOf(index)}"`,
    ),
  });
  const end = async (): Promise<void> => {
    await world.end();
    await Promise.all(backends.map((backend) => backend.close()));
  };
  try {
    const { code, stdout, stderr } = await world.fence("apply");
    assert.equal(code, 0, stdout + stderr);
    await world.start();
  } catch (error) {
    await end();
    throw error;
  }
  const restart = async (index: number): Promise<void> => {
    backends[index] = await startOne(index, backends[index]?.port);
  };
  return { world, backends, restart, end };
}

/** Does something with such a server, which ends after it whatever comes of it. */
export async function withBalanced(
  options: BalancedOptions,
  act: (set: Balanced) => Promise<void>,
): Promise<void> {
  const set = await startBalanced(options);
  try {
    await act(set);
  } finally {
    await set.end();
  }
}

/** Which backend answered each of so many requests. @param pathOf of the request with that number */
export async function placesOf(
  { world }: Balanced,
  count: number,
  pathOf: (index: number) => string = () => "/",
  atOnce = 8,
): Promise<string[]> {
  const agent = keeping(atOnce);
  const places = await inParallel(count, atOnce, async (index) => {
    const { status, body } = await ask({ port: world.port, host: "main.test", agent, path: pathOf(index) });
    assert.equal(status, 200, body);
    return body;
  });
  agent.destroy();
  return places;
}

/** How many each of the backends has answered. */
export function countsOf({ backends }: Balanced, places: readonly string[]): number[] {
  const counts = countOf(places);
  return backends.map((_, index) => counts.get(String(index)) ?? 0);
}

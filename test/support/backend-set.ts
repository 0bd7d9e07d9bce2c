import http from "node:http";
import { startCountingBackend, type CountingBackend } from "./counting-backend.js";
import { startProxy, tcp, type ProxyWorld } from "./proxy.js";
import { startRawBackend, ok, type RawBackend, type RawRequest } from "./raw-backend.js";
import type { Site, Upstream } from "../../src/spec/types.js";
import { freePort } from "./world.js";

/** A proxy in front of several backends. */
export interface BackendSet<B> {
  world: ProxyWorld;
  backends: readonly B[];
  end(): Promise<void>;
}

/** Backends in this process. Unless told otherwise each answers with its number, from 0. */
export async function startRawSet(
  count: number,
  upstream: Partial<Upstream>,
  onRequest: (request: RawRequest, index: number) => void = ({ socket }, index) =>
    socket.write(ok(String(index))),
  site: Partial<Site> = {},
): Promise<BackendSet<RawBackend>> {
  const backends = await Promise.all(
    Array.from({ length: count }, (_, index) => startRawBackend((request) => onRequest(request, index))),
  );
  const world = await startProxy(
    backends.map(({ port }) => tcp(port)),
    site,
    upstream,
  );
  const end = async (): Promise<void> => {
    await world.end();
    await Promise.all(backends.map((backend) => backend.close()));
  };
  return { world, backends, end };
}

/** Backends that can be killed, each a process of its own. */
export async function startCountingSet(
  count: number,
  upstream: Partial<Upstream>,
): Promise<BackendSet<CountingBackend>> {
  const backends: CountingBackend[] = [];
  for (let index = 0; index < count; index += 1) backends.push(await startCountingBackend(await freePort()));
  const world = await startProxy(
    backends.map(({ port }) => tcp(port)),
    {},
    upstream,
  );
  const end = async (): Promise<void> => {
    await world.end();
    await Promise.all(backends.map((backend) => backend.kill()));
  };
  return { world, backends, end };
}

/** An agent that keeps as many connections as a load has. */
export function keeping(connections: number): http.Agent {
  return new http.Agent({ keepAlive: true, maxSockets: connections });
}

/** Runs `act` for 0 to `count` - 1, so many of them at once, and gives what came of each. */
export async function inParallel<T>(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<T>,
): Promise<T[]> {
  const results = new Array<T>(count);
  let next = 0;
  const run = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await act(index);
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  return results;
}

import assert from "node:assert/strict";
import { startLoad, type Load, type LoadOptions } from "./load.js";
import type { WorkersWorld } from "./workers.js";

/** Requests to the site whose upstream is the worker, each of which must be answered well. */
export function loadOn(world: WorkersWorld, options: Partial<LoadOptions> = {}): Load {
  return startLoad({
    port: world.port,
    hostHeader: "main.test",
    connections: 3,
    path: `${world.path}?sleep=5`,
    pauseMs: 5,
    accepts: (status) => (status === 200 ? "ok" : null),
    ...options,
  });
}

/** Ends the load. @returns how many requests were answered */
export async function lostNothing(load: Load): Promise<number> {
  const { connectionErrors, wrong, badFraming, responses, faults } = await load.stop();
  assert.deepEqual(
    { connectionErrors, wrong, badFraming },
    { connectionErrors: 0, wrong: 0, badFraming: 0 },
    faults.join("; "),
  );
  assert.ok(responses > 10, `${responses} responses`);
  return responses;
}

/** The same as `loadOn` and `lostNothing`, around what is done meanwhile. */
export async function underLoad(
  world: WorkersWorld,
  use: () => Promise<void>,
  options: Partial<LoadOptions> = {},
): Promise<void> {
  const load = loadOn(world, options);
  try {
    await use();
  } catch (error) {
    await load.stop();
    throw error;
  }
  await lostNothing(load);
}

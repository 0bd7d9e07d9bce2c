import assert from "node:assert/strict";
import { sync } from "../../src/verify/control-sync.js";
import { until, type World } from "./world.js";

/** A command of fence that must end with 0. */
export async function fence(world: World, ...args: string[]): Promise<void> {
  const { code, stderr } = await world.fence(...args);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
}

/** Holds the site for longer than any test takes. */
export function hold(world: World, ...args: string[]): Promise<void> {
  return fence(world, "hold", "--for", "5m", "--max-wait", "4m", ...args);
}

/** Until so many requests of the site main wait at the gate. */
export function waiting(world: World, count: number): Promise<void> {
  const socket = `${world.folder}/run/gate/control.sock`;
  return until(
    `${count} requests to wait`,
    async () => (await sync(socket, "main").catch(() => null))?.held?.count === count,
  );
}

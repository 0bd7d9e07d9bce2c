import type { HoldValues } from "../../src/base/mode.js";
import type { ModeValues } from "../../src/spec/types.js";
import type { ProxyWorld } from "./proxy.js";
import { until } from "./world.js";

/** Bounds that no test meets unless it says so. */
export function holdValues(rest: Partial<HoldValues> = {}): HoldValues {
  return {
    maxWaitMs: 120_000,
    maxHeld: 10_000,
    maxHeldPerClient: 10_000,
    maxBodyBytes: 65_536,
    releaseConcurrency: 64,
    expiresMs: Math.ceil(Date.now() / 1000 + 600) * 1000,
    onExpiry: "down",
    ...rest,
  };
}

export function held(rest: Partial<HoldValues> = {}): Partial<ModeValues> {
  return { mode: "hold", hold: holdValues(rest) };
}

/** What the proxy says of the site main. */
export async function siteStatus(world: ProxyWorld) {
  const { sites } = await world.status();
  const [site] = sites;
  if (site === undefined) throw new Error("no site");
  return site;
}

export function waiting(world: ProxyWorld, count: number): Promise<void> {
  return until(`${count} requests to wait`, async () => (await siteStatus(world)).held === count);
}

/** Holds the site and waits until nothing is at its backends. */
export async function holdAndDrain(world: ProxyWorld, rest: Partial<HoldValues> = {}): Promise<void> {
  await world.switchTo("main", held(rest));
  await until("the site to be drained", async () => (await world.sync("main"))?.inflight === 0);
}

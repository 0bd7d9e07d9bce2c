import assert from "node:assert/strict";
import type { HoldValues } from "../../src/base/mode.js";
import type { Site } from "../../src/spec/types.js";
import type { Held } from "../../src/verify/types.js";
import { certificateIn } from "./front.js";
import { held } from "./hold.js";
import { httpAt, httpsAt } from "./listen.js";
import { nginxSpec, siteOf, startNginx, type NginxWorld } from "./nginx.js";
import { tcp } from "./proxy.js";
import { upstreamOf } from "./spec-parts.js";
import { freePort, until } from "./world.js";

/** nginx with Lua and two workers, in front of a backend of the test's own, with the site main up. */
export interface HoldingNginx extends NginxWorld {
  port: number;
  tlsPort: number;
  /** The requests of main that wait. */
  held(): Promise<Held>;
  /** Requests of main at the backend. */
  inflight(): Promise<number>;
  waiting(count: number): Promise<void>;
  /** Holds main and waits until nothing is at its backend. */
  hold(rest?: Partial<HoldValues>): Promise<void>;
  up(): Promise<unknown>;
}

export async function startHoldingNginx(
  backendPort: number,
  site: Partial<Site> = {},
): Promise<HoldingNginx> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const world = await startNginx((folder) => {
    const main = siteOf("main", { tls: certificateIn(folder), ...site });
    const spec = nginxSpec("nginx-lua", folder, backendPort, [httpAt(port), httpsAt(tlsPort, true)], [main]);
    return { ...spec, upstreams: [upstreamOf("app", [tcp(backendPort)])] };
  });
  const view = async () => {
    const seen = await world.sync("main");
    assert.equal(seen?.problem, null);
    return seen;
  };
  const counted = async (): Promise<Held> => {
    const seen = await view();
    assert.ok(seen?.held);
    return seen.held;
  };
  const inflight = async (): Promise<number> => {
    const seen = await view();
    assert.ok(seen !== null && seen.inflight !== null);
    return seen.inflight;
  };
  return {
    ...world,
    port,
    tlsPort,
    held: counted,
    inflight,
    waiting: (count) => until(`${count} requests to wait`, async () => (await counted()).count === count),
    async hold(rest = {}) {
      await world.switchTo("main", held(rest));
      await until("the site to be drained", async () => (await inflight()) === 0);
    },
    up: () => world.switchTo("main", { mode: "up" }),
  };
}

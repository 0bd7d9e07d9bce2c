import type { Backend } from "../../spec/types.js";
import { PROXY_LIMITS, TIMEOUTS_SEC } from "../timeouts.js";
import type { Context } from "../context.js";
import type { BackendLink } from "./backend-link.js";
import type { Exchange } from "./exchange.js";
import { HttpConnection } from "./http-connection.js";
import { IdlePool } from "./idle-pool.js";
import { RoundRobin, type Choosable } from "./round-robin.js";

/** One backend with its idle connections and what is known of it. */
export class BackendPool implements Choosable {
  readonly idle = new IdlePool<BackendLink>(PROXY_LIMITS.idlePerBackendMax);
  refusedAt: number | null = null;
  /** Requests that it has and has not answered to their end, upgraded connections left out. */
  inflight = 0;
  /** `host:port` or `unix:/path`. */
  readonly label: string;

  constructor(readonly backend: Backend) {
    this.label = labelOf(backend);
  }

  /** Begins a new connection for an exchange, which hears of its success or loss. */
  connect(context: Context, exchange: Exchange): BackendLink {
    return new HttpConnection(context, this, exchange);
  }
}

export function labelOf(backend: Backend): string {
  if (backend.kind === "unix") return `unix:${backend.path}`;
  return `${backend.host.includes(":") ? `[${backend.host}]` : backend.host}:${backend.port}`;
}

/** The backends of one upstream. */
export type BackendGroup = RoundRobin<BackendPool>;

export function groupOf(pools: readonly BackendPool[]): BackendGroup {
  return new RoundRobin(pools, TIMEOUTS_SEC.backendRest);
}

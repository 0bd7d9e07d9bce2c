import type { Backend, Upstream } from "../../spec/types.js";
import { FastcgiConnection } from "../cgi/fastcgi-connection.js";
import { KeepRule } from "../cgi/keep-rule.js";
import { StreamConnection } from "../cgi/stream-connection.js";
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
  /** Only FastCGI asks it. */
  readonly keepRule = new KeepRule();
  /** `host:port` or `unix:/path`. */
  readonly label: string;

  constructor(
    readonly backend: Backend,
    readonly protocol: Upstream["protocol"],
  ) {
    this.label = labelOf(backend);
  }

  /** Begins a new connection for an exchange, which hears of its success or loss. */
  connect(context: Context, exchange: Exchange): BackendLink {
    switch (this.protocol) {
      case "http":
        return new HttpConnection(context, this, exchange);
      case "fastcgi":
        return new FastcgiConnection(context, this, exchange);
      default:
        return new StreamConnection(context, this, exchange);
    }
  }

  /** The connection used last, as long as it can be trusted with this request. @param tick seconds */
  takeIdle(tick: number, isRepeatable: boolean): BackendLink | null {
    if (this.protocol === "http")
      return this.idle.take(tick, isRepeatable ? TIMEOUTS_SEC.backendIdle : TIMEOUTS_SEC.backendIdleUnsafe);
    const idle = this.idle.take(tick, TIMEOUTS_SEC.backendIdle);
    if (idle === null || isRepeatable) return idle;
    // A process that is bound to an idle connection is set free to take the new one.
    idle.destroy();
    return null;
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

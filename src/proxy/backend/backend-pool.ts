import { FastcgiConnection } from "../cgi/fastcgi-connection.js";
import { KeepRule } from "../cgi/keep-rule.js";
import { StreamConnection } from "../cgi/stream-connection.js";
import { PROXY_LIMITS, TIMEOUTS_SEC } from "../timeouts.js";
import type { Context } from "../context.js";
import type { BackendGroup } from "./backend-group.js";
import type { BackendLink } from "./backend-link.js";
import type { BackendTimes } from "./backend-times.js";
import type { Choosable } from "./balance/choosable.js";
import type { Exchange } from "./exchange.js";
import { HttpConnection } from "./http-connection.js";
import { HealthRecord } from "./health/health-record.js";
import { IdlePool } from "./idle-pool.js";
import type { Spot, Where } from "./where.js";

/** One backend with its connections and what is known of it. */
export class BackendPool implements Choosable {
  readonly idle = new IdlePool<BackendLink>(0);
  /** Tick of the last refused connection; null: none since the last success. */
  refusedAt: number | null = null;
  /** Requests that it has and has not answered to their end, upgraded connections left out. */
  inflight = 0;
  /** Connections, idle ones included. */
  open = 0;
  weight: number;
  due = 0;
  readonly health = new HealthRecord();
  /** Only FastCGI asks it. */
  readonly keepRule = new KeepRule();
  readonly label: string;
  readonly where: Where;

  constructor(
    readonly spot: Spot,
    private readonly group: BackendGroup,
  ) {
    this.label = spot.label;
    this.where = spot.where;
    this.weight = spot.weight;
  }

  get times(): BackendTimes {
    return this.group.times;
  }

  get load(): number {
    return this.open - this.idle.size;
  }

  /** It refused a connection lately. @param tick of the coarse clock */
  rests(tick: number): boolean {
    return this.refusedAt !== null && tick - this.refusedAt < this.times.restSec;
  }

  /** It has refused a connection. @param tick of the coarse clock */
  refuse(tick: number): void {
    this.refusedAt = tick;
    this.group.names.suspect();
  }

  /** It has as many busy connections as it may. */
  get isFull(): boolean {
    const { connectionsMax } = this.group.upstream;
    return connectionsMax !== null && this.load >= connectionsMax;
  }

  /** A connection is busy no longer. */
  freed(): void {
    this.group.queue.freed();
  }

  /** Begins a new connection for an exchange, which hears of its success or loss. */
  connect(context: Context, exchange: Exchange): BackendLink {
    const { protocol, connectionsMax } = this.group.upstream;
    // There are as many as there may be, and none that is idle was trusted with this request.
    if (connectionsMax !== null && this.open >= connectionsMax) this.idle.takeOldest()?.destroy();
    switch (protocol) {
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
    if (this.group.upstream.protocol === "http")
      return this.idle.take(tick, isRepeatable ? TIMEOUTS_SEC.backendIdle : TIMEOUTS_SEC.backendIdleUnsafe);
    const idle = this.idle.take(tick, TIMEOUTS_SEC.backendIdle);
    if (idle === null || isRepeatable) return idle;
    // A process that is bound to an idle connection is set free to take the new one.
    idle.destroy();
    return null;
  }

  /** Takes no more requests: connections end with the one that they have. */
  retire(): void {
    for (const connection of this.idle.close()) connection.destroy();
  }

  /** What it was may not be what it is: idle connections, that it refused, and that it is unhealthy. */
  forget(): void {
    this.refusedAt = null;
    this.health.forget();
    for (const connection of this.idle.takeAll()) connection.destroy();
  }

  /** Takes requests, again or for the first time. */
  comeBack(): void {
    if (this.group.upstream.keepsConnections) this.idle.max = PROXY_LIMITS.idlePerBackendMax;
    else this.retire();
  }
}

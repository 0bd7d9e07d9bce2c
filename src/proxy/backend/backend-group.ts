import type { HealthCheck, Upstream } from "../../spec/types.js";
import { askCgiStatus } from "../cgi/ask-status.js";
import type { CgiUpstream } from "../cgi/cgi-upstream.js";
import type { Context } from "../context.js";
import type { Log } from "../log.js";
import { TIMEOUTS_SEC } from "../timeouts.js";
import { BackendPool } from "./backend-pool.js";
import { timesOf, type BackendTimes } from "./backend-times.js";
import { balanceOf, keyReader, type Asker } from "./balance/balance.js";
import { askHttpStatus } from "./health/ask-http-status.js";
import { HealthChecker } from "./health/health-checker.js";
import { Names } from "./names/names.js";
import type { Lookup } from "./names/name-watch.js";
import { BackendQueue } from "./queue/backend-queue.js";

/** draining: it takes no new requests and still has some. */
export type BackendState = "available" | "unhealthy" | "draining";

/** The backends of one upstream. It lives on over reloads, and so do those of its backends that stay. */
export class BackendGroup {
  /** Those that requests may go to. */
  pools: readonly BackendPool[] = [];
  /** Those that are not of the spec any more and still have requests, by their labels. */
  readonly draining = new Map<string, BackendPool>();
  times: BackendTimes;
  readonly queue: BackendQueue;
  readonly names: Names;
  private balance;
  private keyOf;
  private context: Pick<Context, "log" | "clock"> | null = null;
  private checkers: readonly HealthChecker[] = [];

  /**
   * @param cgi how it is spoken to; null: over HTTP
   * @param lookup for names; absent: the system's
   */
  constructor(
    public upstream: Upstream,
    private cgi: CgiUpstream | null,
    lookup?: Lookup,
  ) {
    this.times = timesOf(upstream);
    this.queue = new BackendQueue(upstream.queue);
    this.names = new Names(upstream.name, (label) => this.renamed(label), lookup);
    this.balance = balanceOf(upstream);
    this.keyOf = keyReader(upstream);
    this.arrange();
  }

  get name(): string {
    return this.upstream.name;
  }

  /** Puts a new spec of the same protocol in force. */
  reconfigure(upstream: Upstream, cgi: CgiUpstream | null): void {
    const { balance } = this.upstream;
    this.upstream = upstream;
    this.cgi = cgi;
    this.times = timesOf(upstream);
    if (upstream.balance !== balance) this.balance = balanceOf(upstream);
    this.keyOf = keyReader(upstream);
    this.arrange();
    this.watch();
    this.queue.reconfigure(upstream.queue);
  }

  /** It is served from now on. */
  begin(context: Pick<Context, "log" | "clock">): void {
    this.context = context;
    this.names.begin(context.log);
    this.watch();
  }

  /**
   * The backend that a request goes to. One that rests after a refusal is taken when nothing else is left.
   * @param tick of the coarse clock
   * @param tried those that this request has been to; null: none
   * @param hasTurn it need not wait behind others
   * @returns busy: those that there are have as many connections as they may; null: there is none
   */
  choose(
    asker: Asker,
    tick: number,
    tried: ReadonlySet<BackendPool> | null,
    hasTurn = false,
  ): BackendPool | "busy" | null {
    const { pools } = this;
    if (pools.length === 1 && tried === null) {
      const [only] = pools as [BackendPool];
      if (only.health.isUnhealthy) return null;
      return (this.queue.size > 0 && !hasTurn) || only.isFull ? "busy" : only;
    }
    const left = those(pools, (pool) => tried?.has(pool) !== true && !pool.health.isUnhealthy);
    if (left.length === 0) return null;
    const ready = those(left, (pool) => !pool.rests(tick));
    const free = those(ready.length > 0 ? ready : left, (pool) => !pool.isFull);
    if (free.length === 0 || (this.queue.size > 0 && !hasTurn)) return "busy";
    return this.balance.pick(free, this.keyOf === null ? null : this.keyOf(asker));
  }

  /** For reports: all that there are, and what they are. */
  all(): { pool: BackendPool; state: BackendState }[] {
    return [
      ...this.pools.map((pool) => ({
        pool,
        state: pool.health.isUnhealthy ? ("unhealthy" as const) : ("available" as const),
      })),
      ...[...this.draining.values()].map((pool) => ({ pool, state: "draining" as const })),
    ];
  }

  /** The backends may be others by now: names are looked up before another connection is made. */
  freshen(): void {
    for (const pool of [...this.pools, ...this.draining.values()]) pool.forget();
    this.names.freshen();
    this.arrange();
    this.queue.freed();
  }

  /** Once a second. */
  sweep(tick: number): void {
    for (const pool of this.pools) {
      for (const connection of pool.idle.expire(tick, TIMEOUTS_SEC.backendIdle)) connection.destroy();
    }
    // One that rested may rest no more.
    this.queue.freed();
    for (const [label, pool] of this.draining) if (pool.open === 0) this.draining.delete(label);
  }

  /** It is of no spec any more: what has begun ends. */
  end(): void {
    this.names.end();
    for (const checker of this.checkers) checker.stop();
    for (const pool of this.pools) pool.retire();
  }

  /** A name has other addresses. What stays one backend has new connections from here on. */
  private renamed(label: string): void {
    this.arrange();
    this.pools.find((pool) => pool.label === label)?.forget();
    this.watch();
    this.queue.freed();
  }

  /** Has each backend checked as the spec says. */
  private watch(): void {
    const { context, cgi } = this;
    for (const checker of this.checkers) checker.stop();
    this.checkers = [];
    if (context === null) return;
    const { health } = this.upstream;
    if (health === null) {
      for (const pool of this.pools) pool.health.forget();
      return;
    }
    this.checkers = this.pools.map((pool) => {
      const host = health.host ?? pool.spot.hostField;
      const question = { path: health.path, host, timeoutMs: health.timeoutMs };
      const ask = (): Promise<number> =>
        cgi === null
          ? askHttpStatus(pool.where, question)
          : askCgiStatus(pool.where, cgi, { ...question, tick: context.clock.tick });
      return new HealthChecker(health, ask, (problem) => this.checked(pool, health, problem, context.log));
    });
    for (const checker of this.checkers) checker.start();
  }

  private checked(pool: BackendPool, health: HealthCheck, problem: string | null, log: Log): void {
    // It has just taken a connection.
    if (problem === null) pool.refusedAt = null;
    if (!pool.health.note(problem, health)) return;
    this.queue.freed();
    const who = { upstream: this.name, backend: pool.label };
    if (problem === null) log.info("backend-available", who);
    else log.error("backend-unhealthy", { ...who, why: problem });
  }

  /** Has a pool for each place that the backends of the spec are at, and no others. */
  private arrange(): void {
    const known = new Map([...this.draining, ...this.pools.map((pool) => [pool.label, pool] as const)]);
    const next = new Map<string, BackendPool>();
    for (const spot of this.names.spotsOf(this.upstream.backends)) {
      const { label } = spot;
      const pool = known.get(label) ?? new BackendPool(spot, this);
      pool.comeBack();
      pool.weight = spot.weight;
      next.set(label, pool);
      this.draining.delete(label);
    }
    for (const pool of this.pools) {
      if (next.has(pool.label)) continue;
      pool.retire();
      this.draining.set(pool.label, pool);
    }
    this.pools = [...next.values()];
  }
}

/** Those of a list that are as they should be: the list itself when all are. */
function those(all: readonly BackendPool[], are: (pool: BackendPool) => boolean): readonly BackendPool[] {
  return all.every(are) ? all : all.filter(are);
}

import { monotonicMs } from "../base/clock.js";
import { CoarseClock } from "./clock.js";
import { configurationOf, type Configuration, type ProxyConfig } from "./configuration.js";
import type { Context } from "./context.js";
import { HostTable } from "./front/host-table.js";
import { Listener } from "./front/listener.js";
import type { AccessLog, Log } from "./log.js";
import type { ServedSite } from "./site.js";
import { statusReport, syncReport, type ReloadFacts, type StatusReport } from "./status.js";
import { LOOK_MS, SWEEP_MS, TIMEOUTS_SEC } from "./timeouts.js";
import { AddressSet } from "./wire/addresses.js";

/** The proxy itself: listeners, what they serve, and the two timers. Knows neither signals nor files of its own. */
export class Proxy {
  readonly context: Context;
  private configuration: Configuration;
  private readonly listeners = new Map<string, Listener>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly startedMs = monotonicMs();
  private facts: ReloadFacts;

  /** @throws Error for a certificate that cannot be read */
  constructor(
    private config: ProxyConfig,
    log: Log,
    accessLog: AccessLog | null,
  ) {
    this.context = {
      log,
      accessLog,
      clock: new CoarseClock(),
      clients: new Set(),
      http2: new Set(),
      backendConnections: new Set(),
      perClient: new Map(),
      isStopping: false,
    };
    this.configuration = configurationOf(config, null);
    this.facts = { configSha256: config.sha256, reloads: 0, reloadsFailed: 0, reloadProblem: null };
  }

  /** @throws the error of a listener that cannot be opened; then none is open */
  async start(): Promise<void> {
    await this.openAll(this.configuration);
    this.timers.push(
      setInterval(() => this.sweep(), SWEEP_MS),
      setInterval(() => this.look(), LOOK_MS),
    );
  }

  /** Takes over a new spec whole, or not at all. @throws as start, and the constructor */
  async reload(config: ProxyConfig): Promise<void> {
    const before = this.configuration;
    const next = configurationOf(config, before);
    await this.openAll(next);
    this.configuration = next;
    this.config = config;
    next.commit();
    // Of a site that is served no more.
    for (const [name, site] of before.sites) if (next.sites.get(name) !== site) site.room.close();
    for (const [key, pool] of before.pools) {
      if (!next.pools.has(key)) for (const connection of pool.idle.close()) connection.destroy();
    }
    for (const [key, listener] of this.listeners) {
      const wanted = next.listeners.get(key);
      if (wanted !== undefined) listener.serve(wanted.served);
      else {
        this.retire(listener);
        this.listeners.delete(key);
      }
    }
    this.facts = {
      ...this.facts,
      configSha256: config.sha256,
      reloads: this.facts.reloads + 1,
      reloadProblem: null,
    };
  }

  /** Its clients have begun their last request: what comes on their connections is of no site any more. */
  private retire(listener: Listener): void {
    listener.close();
    listener.serve({ sites: new HostTable<ServedSite>([]), trusted: new AddressSet([]), tls: null });
    const { clients, http2 } = this.context;
    for (const client of [...clients]) if (client.listener === listener) client.closeIfIdle();
    for (const connection of http2) if (connection.isOf(listener)) connection.retire();
  }

  /** A reload that changed nothing, for the status. */
  reloadFailed(problem: string): void {
    this.facts = { ...this.facts, reloadsFailed: this.facts.reloadsFailed + 1, reloadProblem: problem };
  }

  sync(name: string): object | null {
    const site = this.configuration.sites.get(name);
    return site === undefined ? null : syncReport(site);
  }

  status(): StatusReport {
    return statusReport(this.config.server.name, this.facts, this.configuration, this.context);
  }

  /** Takes nothing new, lets what has begun end, and cuts what has not ended by the deadline. */
  async stop(): Promise<void> {
    const { context } = this;
    context.isStopping = true;
    for (const site of this.configuration.sites.values()) site.room.close();
    for (const listener of this.listeners.values()) listener.close();
    const deadline = monotonicMs() + TIMEOUTS_SEC.shutdown * 1000;
    while (monotonicMs() < deadline) {
      for (const client of [...context.clients]) client.closeIfIdle();
      for (const connection of [...context.http2]) connection.retire();
      if (![...context.clients].some((client) => client.isBusy) && context.http2.size === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const timer of this.timers) clearInterval(timer);
    for (const listener of this.listeners.values()) listener.dropHandshakes();
    for (const client of [...context.clients]) client.socket.destroy();
    for (const connection of [...context.http2]) connection.destroy();
    for (const connection of [...context.backendConnections]) connection.destroy();
    context.accessLog?.flush();
  }

  /** Opens what a configuration adds. @throws for the first that cannot be opened; then none of them stays open */
  private async openAll(configuration: Configuration): Promise<void> {
    const opened: string[] = [];
    try {
      for (const [key, { listen, served }] of configuration.listeners) {
        if (this.listeners.has(key)) continue;
        const listener = new Listener(this.context, listen, served);
        await listener.open();
        this.listeners.set(key, listener);
        opened.push(key);
      }
    } catch (error) {
      for (const key of opened) {
        this.listeners.get(key)?.close();
        this.listeners.delete(key);
      }
      throw error;
    }
  }

  private look(): void {
    for (const site of this.configuration.sites.values()) site.modes.look();
  }

  private sweep(): void {
    const { clock, clients, http2, accessLog } = this.context;
    clock.advance(Math.floor((monotonicMs() - this.startedMs) / 1000));
    const { tick } = clock;
    for (const client of clients) client.sweep(tick);
    for (const connection of http2) connection.sweep(tick);
    for (const pool of this.configuration.pools.values()) {
      for (const connection of pool.idle.expire(tick, TIMEOUTS_SEC.backendIdle)) connection.destroy();
    }
    accessLog?.flush();
  }
}

import { monotonicMs } from "../base/clock.js";
import { openAccessLog, type AccessLog } from "./access-log/access-log.js";
import { CoarseClock } from "./clock.js";
import { configurationOf, type Configuration, type ProxyConfig } from "./configuration.js";
import type { Context } from "./context.js";
import { HostTable } from "./front/host-table.js";
import { Listener } from "./front/listener.js";
import type { Log, LogSink } from "./log.js";
import { metricsSnapshot, type MetricsSnapshot } from "./metrics/snapshot.js";
import { Totals } from "./metrics/traffic.js";
import type { StopHow } from "./process/serving.js";
import type { SocketSource } from "./process/sockets.js";
import type { ServedSite } from "./site.js";
import { statusReport, syncReport, type ReloadFacts, type StatusReport, type SyncReport } from "./status.js";
import { LOOK_MS, SWEEP_MS, TIMEOUTS_SEC } from "./timeouts.js";
import { AddressSet } from "./wire/addresses.js";

/** A config that has been made ready. */
export interface Prepared {
  commit(): void;
  /** As if it had never been. */
  abandon(): void;
}

/** The proxy itself: listeners, what they serve, and the two timers. Knows neither signals nor files of its own. */
export class Proxy {
  readonly context: Context;
  private configuration: Configuration;
  private readonly listeners = new Map<string, Listener>();
  /** Those that take no more connections. */
  private readonly retired = new Set<Listener>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly startedMs = monotonicMs();
  private facts: ReloadFacts;

  /**
   * @param stdout where an access log goes that was asked for on the command line; null: it was not
   * @throws Error for a certificate that cannot be read, and an access log that cannot be opened
   */
  constructor(
    private config: ProxyConfig,
    log: Log,
    private readonly stdout: LogSink | null,
    private readonly sockets: SocketSource,
  ) {
    this.context = {
      log,
      accessLog: openAccessLog(config.server.accessLog, stdout, log),
      totals: new Totals(),
      clock: new CoarseClock(),
      clients: new Set(),
      http2: new Set(),
      backendConnections: new Set(),
      perClient: new Map(),
      isStopping: false,
    };
    this.configuration = configurationOf(config, null, this.context);
    this.facts = { configSha256: config.sha256, reloads: 0, reloadsFailed: 0, reloadProblem: null };
  }

  /** @throws the error of a listener that cannot be opened; then none is open */
  async start(): Promise<void> {
    await this.openAll(this.configuration);
    this.configuration.commit();
    this.timers.push(
      setInterval(() => this.sweep(), SWEEP_MS),
      setInterval(() => this.look(), LOOK_MS),
    );
  }

  /** Takes over a new config whole, or not at all. @throws as start, and the constructor */
  async reload(config: ProxyConfig): Promise<void> {
    (await this.prepare(config)).commit();
  }

  /** Makes ready for a new config, which is in force only by `commit`. @throws as reload */
  async prepare(config: ProxyConfig): Promise<Prepared> {
    const next = configurationOf(config, this.configuration, this.context);
    const accessLog = this.accessLogFor(config);
    const endLog = (): void => {
      if (accessLog !== this.context.accessLog) void accessLog?.end();
    };
    let opened: string[];
    try {
      opened = await this.openAll(next);
    } catch (error) {
      endLog();
      throw error;
    }
    return {
      commit: () => {
        this.takeAccessLog(accessLog);
        this.putInForce(config, next);
      },
      abandon: () => {
        this.closeThese(opened);
        endLog();
      },
    };
  }

  private putInForce(config: ProxyConfig, next: Configuration): void {
    const before = this.configuration;
    this.configuration = next;
    this.config = config;
    next.commit();
    // Of a site that is served no more.
    for (const [name, site] of before.sites) if (next.sites.get(name) !== site) site.room.close();
    for (const [name, group] of before.upstreams) if (next.upstreams.get(name) !== group) group.end();
    for (const [key, listener] of this.listeners) {
      const wanted = next.listeners.get(key);
      if (wanted !== undefined) listener.serve(wanted.served);
      else this.retire(key, listener);
    }
    this.facts = {
      ...this.facts,
      configSha256: config.sha256,
      reloads: this.facts.reloads + 1,
      reloadProblem: null,
    };
  }

  /** Its clients have begun their last request: what comes on their connections is of no site any more. */
  private retire(key: string, listener: Listener): void {
    this.closeThese([key]);
    listener.serve({ sites: new HostTable<ServedSite>([]), trusted: new AddressSet([]), tls: null });
    const { clients, http2 } = this.context;
    for (const client of [...clients]) if (client.listener === listener) client.closeIfIdle();
    for (const connection of http2) if (connection.isOf(listener)) connection.retire();
  }

  private accessLogFor(config: ProxyConfig): AccessLog | null {
    const { context } = this;
    const isSame = JSON.stringify(config.server.accessLog) === JSON.stringify(this.config.server.accessLog);
    return isSame ? context.accessLog : openAccessLog(config.server.accessLog, this.stdout, context.log);
  }

  /** One that stays is opened anew: a reload is what some rotate their logs by. */
  private takeAccessLog(accessLog: AccessLog | null): void {
    const before = this.context.accessLog;
    this.context.accessLog = accessLog;
    if (accessLog === before) this.reopenLogs();
    else void before?.end();
  }

  /** The files of the logs were moved away. */
  reopenLogs(): void {
    this.context.accessLog?.reopen();
  }

  /** What this process has counted; with those of others `renderMetrics` makes one text of them. */
  metrics(): MetricsSnapshot {
    return metricsSnapshot(this.configuration, this.context);
  }

  /** A reload that changed nothing, for the status. */
  reloadFailed(problem: string): void {
    this.facts = { ...this.facts, reloadsFailed: this.facts.reloadsFailed + 1, reloadProblem: problem };
  }

  sync(name: string): SyncReport | null {
    const site = this.configuration.sites.get(name);
    return site === undefined ? null : syncReport(site);
  }

  status(): StatusReport {
    return statusReport(this.config.server.name, this.facts, this.configuration, this.context);
  }

  /** Takes nothing new, lets what has begun end, and cuts what has not ended by the deadline. */
  async stop(how: StopHow): Promise<void> {
    const { context } = this;
    context.isStopping = true;
    // Whoever takes over has the sockets, and not the requests that wait here: these wait on.
    if (how === "end") for (const site of this.configuration.sites.values()) site.room.close();
    this.closeThese([...this.listeners.keys()]);
    const limitSec = how === "end" ? TIMEOUTS_SEC.shutdown : TIMEOUTS_SEC.retire;
    const deadline = monotonicMs() + limitSec * 1000;
    while (monotonicMs() < deadline && this.isWaitedFor(how)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const timer of this.timers) clearInterval(timer);
    for (const group of this.configuration.upstreams.values()) group.end();
    for (const listener of this.retired) listener.dropHandshakes();
    for (const client of [...context.clients]) client.socket.destroy();
    for (const connection of [...context.http2]) connection.destroy();
    for (const connection of [...context.backendConnections]) connection.destroy();
    await context.accessLog?.end();
    context.accessLog = null;
  }

  /** Whether there is a client that must not be cut off; idle ones are told to go. */
  private isWaitedFor(how: StopHow): boolean {
    const { clients, http2, clock } = this.context;
    for (const connection of [...http2]) connection.retire();
    for (const client of [...clients]) {
      // Whoever is about to send its next request must not lose it to the end of its connection.
      if (how === "end" || client.timer.idleSec(client, clock.tick) >= TIMEOUTS_SEC.retireIdle)
        client.closeIfIdle();
    }
    return (
      http2.size > 0 || (how === "retire" ? clients.size > 0 : [...clients].some(({ isBusy }) => isBusy))
    );
  }

  /** Opens what a configuration adds. @throws for the first that cannot be opened; then none of them stays open */
  private async openAll(configuration: Configuration): Promise<string[]> {
    const opened: string[] = [];
    try {
      for (const [key, { listen, served }] of configuration.listeners) {
        if (this.listeners.has(key)) continue;
        const listener = new Listener(this.context, listen, served);
        await listener.open(await this.sockets.take(listen));
        this.listeners.set(key, listener);
        opened.push(key);
      }
    } catch (error) {
      this.closeThese(opened);
      throw error;
    }
    return opened;
  }

  private closeThese(keys: readonly string[]): void {
    for (const key of keys) {
      const listener = this.listeners.get(key);
      if (listener === undefined) continue;
      this.listeners.delete(key);
      this.retired.add(listener);
      listener.close();
      this.sockets.release(listener.listen);
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
    for (const group of this.configuration.upstreams.values()) group.sweep(tick);
    accessLog?.flush();
  }
}

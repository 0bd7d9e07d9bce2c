import type { ProxyConfig } from "../configuration.js";
import type { Log, LogSink } from "../log.js";
import type { MetricsSnapshot } from "../metrics/snapshot.js";
import { Proxy } from "../proxy.js";
import type { StatusReport, SyncReport } from "../status.js";
import type { Serving, StopHow } from "./serving.js";
import type { BoundSockets } from "./sockets.js";

/** Serves in this very process. */
export class SingleProcess implements Serving {
  private readonly proxy: Proxy;

  /** @throws as Proxy */
  constructor(
    config: ProxyConfig,
    log: Log,
    stdout: LogSink | null,
    private readonly bound: BoundSockets,
  ) {
    this.proxy = new Proxy(config, log, stdout, bound);
  }

  start(): Promise<void> {
    return this.proxy.start();
  }

  sync(site: string): Promise<SyncReport | null> {
    return Promise.resolve(this.proxy.sync(site));
  }

  status(): Promise<StatusReport> {
    return Promise.resolve(this.proxy.status());
  }

  reload(config: ProxyConfig): Promise<void> {
    return this.proxy.reload(config);
  }

  reloadFailed(problem: string): void {
    this.proxy.reloadFailed(problem);
  }

  metrics(): Promise<MetricsSnapshot[]> {
    return Promise.resolve([this.proxy.metrics()]);
  }

  reopenLogs(): void {
    this.proxy.reopenLogs();
  }

  sockets() {
    const { fds, names } = this.bound;
    return { fds, names };
  }

  stop(how: StopHow): Promise<void> {
    return this.proxy.stop(how);
  }
}

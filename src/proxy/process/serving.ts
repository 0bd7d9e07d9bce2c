import type { ProxyConfig } from "../configuration.js";
import type { MetricsSnapshot } from "../metrics/snapshot.js";
import type { StatusReport, SyncReport } from "../status.js";

/** What a proxy does, be it in this process or in workers. */
export interface Serving {
  /** @throws whatever stands against it: then nothing listens */
  start(): Promise<void>;
  /** Has every worker read the active variant of a site. null: there is no such site. */
  sync(site: string): Promise<SyncReport | null>;
  status(): Promise<StatusReport>;
  /** Takes over a new document whole, or not at all. @throws Error then nothing has changed */
  reload(config: ProxyConfig): Promise<void>;
  /** A reload that changed nothing, for the status. */
  reloadFailed(problem: string): void;
  /** What each process that serves has counted. */
  metrics(): Promise<MetricsSnapshot[]>;
  /** The files of the logs were moved away. */
  reopenLogs(): void;
  /** The sockets that it listens on. */
  sockets(): { fds: readonly number[]; names: readonly string[] };
  /** Takes nothing new and lets what has begun end. */
  stop(how: StopHow): Promise<void>;
}

/**
 * end: idle connections are closed at once, held requests are answered. retire: another process has taken over the
 * sockets; clients keep their connection until its next answer, held requests until their release.
 */
export type StopHow = "end" | "retire";

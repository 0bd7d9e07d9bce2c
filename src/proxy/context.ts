import type { AccessLog } from "./access-log/access-log.js";
import type { BackendLink } from "./backend/backend-link.js";
import type { CoarseClock } from "./clock.js";
import type { Client } from "./front/client.js";
import type { Http2Connection } from "./front/http2/connection.js";
import type { Log } from "./log.js";
import type { Totals } from "./metrics/traffic.js";

/** What all connections of one proxy share. */
export interface Context {
  readonly log: Log;
  /** null: no access log. */
  accessLog: AccessLog | null;
  readonly totals: Totals;
  readonly clock: CoarseClock;
  /** Connections of HTTP/1.1, and streams of HTTP/2. */
  readonly clients: Set<Client>;
  readonly http2: Set<Http2Connection>;
  readonly backendConnections: Set<BackendLink>;
  /** Connections of each client address that is counted. */
  readonly perClient: Map<string, number>;
  /** Nothing new is begun: answers end their connection. */
  isStopping: boolean;
}

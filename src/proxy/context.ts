import type { BackendLink } from "./backend/backend-link.js";
import type { CoarseClock } from "./clock.js";
import type { Client } from "./front/client.js";
import type { Http2Connection } from "./front/http2/connection.js";
import type { AccessLog, Log } from "./log.js";

/** What all connections of one proxy share. */
export interface Context {
  readonly log: Log;
  /** null: no access log. */
  readonly accessLog: AccessLog | null;
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

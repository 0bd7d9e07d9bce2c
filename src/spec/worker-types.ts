import type { CgiSettings, HealthCheck } from "./types.js";

export const WORKER_PROTOCOLS = ["fastcgi", "scgi", "http"] as const;
export const STOP_SIGNALS = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"] as const;

/** A set of like processes that `fence workers` starts, watches and replaces. */
export interface Worker {
  name: string;
  /** Program and arguments; the program is an absolute path or a bare name. */
  command: readonly string[];
  /** Absolute. */
  cwd: string;
  /** null: whoever runs `fence workers`. */
  user: string | null;
  /** null: the group of the user. */
  group: string | null;
  /** All of the environment, besides PATH and what `passEnv` names. */
  env: readonly { name: string; value: string }[];
  /** Variables of the supervisor that it gets, too. */
  passEnv: readonly string[];
  /** Processes. */
  count: number;
  socket: WorkerSocket;
  backlog: number;
  protocol: (typeof WORKER_PROTOCOLS)[number];
  ready: Ready;
  stopSignal: (typeof STOP_SIGNALS)[number];
  /** For what is in flight to end, once a process is to be replaced or stopped. */
  graceMs: number;
  /** From the stop signal to SIGKILL. */
  stopTimeoutMs: number;
  /** A process that is older is replaced; null: none is. */
  ageMaxMs: number | null;
  restart: { firstMs: number; longestMs: number; failures: number };
  /** Absolute path that stdout and stderr are appended to. */
  log: string;
  /** Absolute path that the pids are written to, one a line; null: none. */
  pidFile: string | null;
  /** null when, and only when, the protocol is http. */
  cgi: CgiSettings | null;
}

export type WorkerSocket =
  | { kind: "tcp"; address: string; port: number }
  | {
      kind: "unix";
      path: string;
      /** Permissions, e.g. 0o660. */
      mode: number;
      /** null: the user of the worker. */
      owner: string | null;
      /** null: the group of the worker. */
      group: string | null;
    };

/** What a process must answer before it is given requests. */
export interface Ready {
  /** null: FCGI_GET_VALUES, which the FastCGI library answers by itself. */
  question: Pick<HealthCheck, "path" | "host" | "status"> | null;
  timeoutMs: number;
}

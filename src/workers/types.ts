import type { Spec } from "../spec/types.js";

export type Worker = Spec["workers"][number];

/** How one process is doing. */
export interface ProcessFacts {
  pid: number;
  generation: number;
  slot: number;
  /**
   * starts: has not been seen to take a connection yet. retires: another takes its place. orphan: its keeper was killed,
   * and it serves until another does.
   */
  state: "starts" | "runs" | "retires" | "orphan";
  ageSec: number;
  /** Resident memory of its process group; null: it cannot be told. */
  memoryBytes: number | null;
  /** Connections that it holds; null: it cannot be told. */
  connections: number | null;
  /** Always null: no request passes through fence, and the programs do not tell. */
  requests: number | null;
  restarts: number;
}

/** Why no worker is started at once. */
export interface Trouble {
  /** Unix time in milliseconds of the first of the deaths in a row. */
  sinceMs: number;
  /** How the last one ended. */
  why: string;
  /** What it wrote last. */
  lastWords: readonly string[];
  deaths: number;
  /** Starts are tried one at a time, after the longest pause. */
  breakerOpen: boolean;
}

export interface SetFacts {
  worker: string;
  /** starts, runs and stopped are as wanted; short: some of its processes are missing; failing: all are. */
  state: "starts" | "runs" | "short" | "failing" | "stopped";
  /** What is being done to it; null: nothing. */
  doing: string | null;
  generation: number;
  count: number;
  /** `unix:/path` or `address:port`. */
  socket: string;
  /** Connections that no process has accepted yet; null: the socket is not open. */
  waiting: number | null;
  processes: readonly ProcessFacts[];
  trouble: Trouble | null;
  /** What is wrong with the pid file; null: nothing, or there is none. */
  pidFileLie: string | null;
  log: string;
}

export interface StatusFacts {
  /** ready: each set was started once, well or not. managed: whoever started it starts it anew when it ends. */
  supervisor: { pid: number; sinceMs: number; version: string; ready: boolean; managed: boolean };
  /** null: the supervisor starts, and has not heard of it yet. */
  keeper: { pid: number } | null;
  /** Empty while the supervisor starts: what runs already is not known to it yet. */
  sets: readonly SetFacts[];
}

/** What became of a command on one set. */
export interface Outcome {
  worker: string;
  /** done: as asked. already: there was nothing to do. */
  result: "done" | "already" | "failed";
  sentence: string;
  /** One of the error table when it failed; null otherwise. */
  code: string | null;
  hint: string | null;
  /** Connections that were still open when their process was ended. */
  cut: number;
  generation: number;
  tookMs: number;
}

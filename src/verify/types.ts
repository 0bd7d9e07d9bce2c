import type { Mode } from "../base/mode.js";
import type { SwitchPoint } from "../servers/adapter.js";
import type { Server, Site } from "../spec/types.js";

/** What one worker process of a server says of one site. */
export interface WorkerReport {
  pid: number;
  /** The worker acts on the active variant; false: on an older one; null: it has not answered. */
  settled: boolean | null;
  /** What it said, for a person; null when there is nothing to say. */
  detail: string | null;
}

/** One answer of the front listener to fence's probe. */
export interface ProbeResult {
  /** e.g. `http://127.0.0.1:80` */
  url: string;
  host: string;
  mode: Mode | "unknown";
  /** Null when the answer carries none. */
  generation: number | null;
  /** HTTP status; null when there was no answer. */
  status: number | null;
  /** Why the mode is unknown; null otherwise. */
  problem: string | null;
}

/** The requests of a site that wait on one server. */
export interface Held {
  count: number;
  /** null: none waits. */
  oldestMs: number | null;
}

/** One look at one site on one server. */
export interface Observation {
  site: string;
  server: string;
  running: "yes" | "no" | "unknown";
  /** What all probes and workers agree on; "unknown" when they do not, or nothing answered. */
  mode: Mode | "unknown";
  generation: number | null;
  workers: readonly WorkerReport[];
  probes: readonly ProbeResult[];
  /** Requests at the backend; null: this server cannot tell. */
  inflight: number | null;
  /** There may be more than `inflight`; 0 is exact all the same. Absent: no. */
  isAtLeast?: boolean;
  /** Requests that wait for the site, and since when the first of them; null: this server holds none. */
  held: Held | null;
  problems: readonly string[];
}

export interface Expected {
  mode: Mode;
  generation: number;
}

/** The outcome of waiting until every worker and every listener showed the expected mode. */
export interface Proof {
  proven: boolean;
  /** From the call until proven or given up, monotonic. */
  tookMs: number;
  /** Empty when proven; else what still did not show the new mode. */
  problems: readonly string[];
  last: Observation;
}

/** What the worker processes of one server say of one site; each kind of server has its own way to ask them. */
export interface WorkersView {
  /** One entry for every worker process alive, whether it answered or not. */
  workers: readonly WorkerReport[];
  /** What they show, of a server without listeners for clients; absent: its listeners are asked. */
  shows?: { mode: Mode | "unknown"; generation: number | null };
  /** Requests at the backend over all workers; null: this server cannot tell. */
  inflight: number | null;
  /** As in Observation. */
  isAtLeast?: boolean;
  /** As in Observation; absent: this server holds none. */
  held?: Held | null;
  /** Why the view is incomplete (no control socket, an answer that is not fence's); null otherwise. */
  problem: string | null;
}

/** The requests of one site on one server. */
export interface Traffic extends Pick<WorkersView, "inflight" | "isAtLeast" | "problem"> {
  running: Observation["running"];
  held: Held | null;
}

export type ObserveWorkers = (
  point: SwitchPoint,
  server: Server,
  masterPid: number,
  around: Surroundings,
) => Promise<WorkersView>;

export interface Surroundings {
  site: Site;
  /** The gate, where the server holds the site through it; null: it does not. */
  gate: SwitchPoint | null;
}

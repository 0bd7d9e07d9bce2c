import type { Mode } from "../base/mode.js";

/** What is known of the sites at one moment; the command line makes it, the screens show it. */
export interface Look {
  /** e.g. `fence.toml (1a2b3c4d)` */
  specText: string;
  atMs: number;
  /** A change of another fence that is under way or was cut short; null: there is none. */
  unfinished: string | null;
  sites: readonly SiteLook[];
  /** Newest first. */
  history: readonly PastChange[];
}

export interface SiteLook {
  name: string;
  mode: Mode;
  /** null: fence has never touched the site. */
  sinceMs: number | null;
  /** The end that clients were told, or at which a hold ends by itself. */
  untilMs: number | null;
  /** That end has passed. */
  isPast: boolean;
  by: string;
  reason: string;
  message: string;
  generation: number;
  /** null: no server can tell. */
  inflight: Count | null;
  held: HeldLook | null;
  /** Requests so far; null: not every server of the site counts them. */
  requests: number | null;
  servers: readonly ServerLook[];
}

export interface Count {
  value: number;
  /** There may be more. */
  isAtLeast: boolean;
}

export interface HeldLook {
  count: number;
  /** null: none waits. */
  oldestMs: number | null;
}

export interface ServerLook {
  name: string;
  kind: string;
  running: "yes" | "no" | "unknown";
  /** What its clients get. */
  mode: Mode | "unknown";
  generation: number | null;
  /** It shows what was asked for, and the disk agrees. */
  isVerified: boolean;
  inflight: Count | null;
  held: HeldLook | null;
  workers: readonly WorkerLook[];
  /** Sentences. */
  problems: readonly string[];
}

export interface WorkerLook {
  pid: number;
  /** null: it has not answered. */
  isSettled: boolean | null;
  detail: string | null;
}

export interface PastChange {
  at: string;
  site: string;
  from: string;
  to: string;
  result: string;
  tookMs: number;
  by: string;
  why: string;
}

/** What a person may have done to a site; each is the command of that name. */
export type Action = "down" | "up" | "hold" | "release";

/** What a change is to be. */
export interface Asked {
  action: Action;
  site: string;
  /** Why; empty: it is not said. */
  reason: string;
  /** In how long it is expected back, or a hold ends, e.g. `20m`; empty: it is not said. */
  end: string;
}

/** A change as it was agreed to. */
export interface Agreed extends Asked {
  /** The command line that does the same. */
  command: string;
}

/** What came of a change. */
export interface Outcome {
  /** The exit code that the command would have ended with. */
  exit: number;
  lines: readonly string[];
}

/** A key: a character that was typed, or one of these. */
export type Key =
  | { text: string }
  | {
      name:
        | "up"
        | "down"
        | "left"
        | "right"
        | "pageup"
        | "pagedown"
        | "home"
        | "end"
        | "enter"
        | "escape"
        | "tab"
        | "backspace"
        | "ctrl-c";
    };

import type { MetricsSnapshot } from "../metrics/snapshot.js";
import type { StatusReport, SyncReport } from "../status.js";
import type { StopHow } from "./serving.js";

/** Grows with each change below: a worker of new code that was put on the disk must not misread an old supervisor. */
export const PROTOCOL = 1;

/** A document and what of the disk its workers may not be allowed to read. */
export interface Delivery {
  text: string;
  /** Where the text comes from, for messages. */
  file: string;
  /** Certificates and keys by path, one character a byte. */
  secrets: Readonly<Record<string, string>>;
}

/** Whom a worker becomes before it serves. */
export interface Identity {
  uid: number;
  gid: number;
  groups: readonly number[];
}

/** What a supervisor asks; the answer has the same id. Sockets travel beside, one message each, before they are needed. */
export type Question =
  | { ask: "start"; protocol: number; delivery: Delivery; identity: Identity | null; accessLog: boolean }
  | { ask: "socket"; name: string }
  | { ask: "prepare"; delivery: Delivery }
  | { ask: "commit" }
  | { ask: "abandon" }
  | { ask: "sync"; site: string }
  | { ask: "status" }
  | { ask: "metrics" }
  | { ask: "reopen" }
  | { ask: "stop"; how: StopHow };

/** What the answer to each question tells. */
export interface Answers {
  start: null;
  socket: null;
  prepare: null;
  commit: null;
  abandon: null;
  sync: SyncReport | null;
  status: StatusReport;
  metrics: MetricsSnapshot;
  reopen: null;
  stop: null;
}

export type Asked = Question & { id: number };
export type Answered = { id: number; value: Answers[keyof Answers] } | { id: number; problem: string };

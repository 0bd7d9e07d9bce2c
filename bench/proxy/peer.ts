import type { Command } from "../running.js";
import type { Case } from "./cases.js";

/** The maintenance answer that fence gave, for those that are to give the same bytes. */
export interface DownAnswer {
  /** Fields without those that every server makes anew: Date, Connection, Content-Length. */
  fields: readonly (readonly [string, string])[];
  body: string;
}

/** What a peer is started for. */
export interface Stand {
  asked: Case;
  /** A folder of its own. */
  folder: string;
  /** Where the peer is to listen on 127.0.0.1. */
  port: number;
  httpPort: number;
  fastcgiPort: number;
  /** Holds the files of cases.ts. */
  files: string;
  down: DownAnswer;
}

/** A server under test. */
export interface Peer {
  name: string;
  /** Where it comes from, for whom it is missing. */
  install: string;
  /** What it says of itself; null: it is not here. */
  version(): string | null;
  /** Rooms of cases that it is measured in. */
  rooms: readonly Case["room"][];
  /** Whether it can be started with two workers. */
  hasWorkers: boolean;
  /** Writes its config. @throws Error when it cannot do what the case asks for */
  prepare(stand: Stand): Promise<Command>;
  /** What is left to do once it listens. */
  settle?(stand: Stand): Promise<void>;
}

/** Host of the site that is up, and of the one that is down. */
export const UP_HOST = "localhost";
export const DOWN_HOST = "down.localhost";

export function hostOf({ room }: Case): string {
  return room === "down" ? DOWN_HOST : UP_HOST;
}

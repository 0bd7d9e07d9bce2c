import type { Bound } from "./procfs.js";
import type { Launch } from "./command-line.js";
import type { SocketWish } from "./socket-place.js";
import type { Worker } from "./types.js";

/** What the supervisor asks of the keeper, by the word it asks with. */
export interface Asks {
  /** Opens a socket, or says which one it is when it is open already. A unix socket is not in its place yet. */
  open: { ask: { name: string; wish: SocketWish; replaces: boolean }; answer: SocketFacts };
  /** Puts a unix socket in its place; one that is there already is fine. */
  place: { ask: { name: string }; answer: SocketFacts };
  /** Closes a socket; one that is not there is fine. */
  close: { ask: { name: string }; answer: null };
  spawn: { ask: SpawnWish; answer: Kept };
  signal: { ask: { id: string; signal: NodeJS.Signals; group: boolean }; answer: boolean };
  endIfIdle: {
    ask: {
      id: string;
      signal: NodeJS.Signals;
      /** Inodes of connections that do not count. */ ours: readonly string[];
    };
    answer: IdleAnswer;
  };
  tag: { ask: { id: string; tags: Tags }; answer: null };
  /** Remembers a value of the supervisor's for the next one. */
  note: { ask: { name: string; note: Note }; answer: null };
  list: { ask: null; answer: Inventory };
  /** Ends the keeper; only when no worker is left. */
  end: { ask: null; answer: boolean };
}

export interface SocketFacts {
  name: string;
  bound: Bound;
  inode: string;
  /** Clients come to it. */
  placed: boolean;
  /** As it was asked for. */
  wish: SocketWish;
}

export interface SpawnWish {
  id: string;
  /** The first is an absolute path. */
  command: readonly string[];
  cwd: string;
  /** All of the environment. */
  env: Readonly<Record<string, string>>;
  /** Name of an open socket. */
  socket: string;
  /** 0: what FastCGI programs accept on; 3: the first of LISTEN_FDS. */
  socketFd: 0 | 3;
  /** stdout and stderr are appended to it. */
  log: string;
  tags: Tags;
}

/** What a process is to the supervisor. */
export interface Tags {
  worker: string;
  generation: number;
  /** Place in the set, from 0. */
  slot: number;
  role: "trial" | "serves" | "retires";
  /** It ends on the stop signal also while it waits for a connection. */
  heeds: boolean;
  /** It has been seen to take connections. */
  proven: boolean;
  /** Starts of this place in this generation before this one. */
  restarts: number;
}

/** A process that the keeper has started. */
export interface Kept {
  id: string;
  pid: number;
  /** Clock ticks since boot; with the pid it names one process. */
  start: string;
  /** The socket that it accepts from. */
  bound: Bound;
  log: string;
  /** The file that the log was when it started: `device:inode`. */
  logFile: string;
  /** Bytes that it had then. */
  logFrom: number;
  tags: Tags;
}

/** What the next supervisor must know of a set. */
export interface Note {
  desired: "runs" | "stopped";
  /** What its processes were started from; null: none ever was. */
  current: Generation | null;
}

/** All that the processes of one generation have in common. */
export interface Generation {
  number: number;
  worker: Worker;
  launch: Launch;
  heeds: boolean;
}

export interface IdleAnswer {
  /** The signal was sent, while the process held no connection and could take none. */
  sent: boolean;
  /** Connections that it held; null: it could not be stopped in time to be counted. */
  connections: number | null;
}

export interface Inventory {
  pid: number;
  sockets: readonly SocketFacts[];
  processes: readonly Kept[];
  notes: Readonly<Record<string, Note>>;
}

/** A process has ended. */
export interface ExitEvent {
  exit: { id: string; pid: number; code: number | null; signal: NodeJS.Signals | null; livedMs: number };
}

/** What the keeper leaves on disk, for whoever comes after it was killed. */
export interface KeeperRecord extends Inventory {
  schema: 1;
  boot: string;
  /** Start of the keeper itself. */
  start: string;
}

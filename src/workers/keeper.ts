import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, fstatSync, rmSync } from "node:fs";
import { monotonicMs } from "../base/clock.js";
import { writeAtomic } from "../base/durable.js";
import { openLog } from "../base/log-file.js";
import { processInfo } from "../base/process-info.js";
import { send, signalIfIdle } from "./idle.js";
import type {
  Asks,
  ExitEvent,
  Inventory,
  Kept,
  KeeperRecord,
  Note,
  SocketFacts,
  SpawnWish,
} from "./keeper-types.js";
import { fileName } from "./log-file.js";
import type { WorkerLog } from "./log.js";
import { bootId } from "./procfs.js";
import { closeSocket, openSocket, placeSocket, type OwnedSocket, type SocketWish } from "./socket-place.js";

const LOG_MODE = 0o640;

interface Child {
  kept: Kept;
  process: ChildProcess;
  startedMs: number;
}

/**
 * Has the sockets and is the parent of the workers; it decides nothing. So little happens in it that it need not be
 * replaced: whoever supervises may end, be killed or be upgraded, and the next one finds everything here.
 */
export class Keeper {
  private readonly sockets = new Map<string, { owned: OwnedSocket; wish: SocketWish }>();
  private readonly children = new Map<string, Child>();
  private readonly notes = new Map<string, Note>();

  constructor(
    private readonly recordFile: string,
    private readonly tell: (event: ExitEvent) => void,
    private readonly log: WorkerLog,
  ) {}

  readonly answers: { [What in keyof Asks]: (given: Asks[What]["ask"]) => unknown } = {
    open: async ({ name, wish, replaces }): Promise<SocketFacts> => {
      const had = this.sockets.get(name);
      if (had === undefined) this.sockets.set(name, { owned: await openSocket(wish, replaces), wish });
      this.record();
      return this.factsOf(name);
    },
    place: ({ name }) => {
      const had = this.sockets.get(name);
      if (had !== undefined) placeSocket(had.owned, had.wish);
      this.record();
      return this.factsOf(name);
    },
    close: ({ name }) => {
      const had = this.sockets.get(name);
      this.sockets.delete(name);
      if (had !== undefined) closeSocket(had.owned);
      this.record();
    },
    spawn: (wish) => this.spawn(wish),
    signal: ({ id, signal, group }) => {
      const child = this.children.get(id);
      if (child === undefined) return false;
      return group ? send(child.kept.pid, signal) : child.process.kill(signal);
    },
    endIfIdle: ({ id, signal, ours }) => {
      const child = this.children.get(id);
      if (child === undefined) return { sent: false, connections: 0 };
      return signalIfIdle(child.kept.pid, child.kept.bound, signal, ours);
    },
    tag: ({ id, tags }) => {
      const child = this.children.get(id);
      if (child !== undefined) child.kept.tags = tags;
      this.record();
    },
    note: ({ name, note }) => {
      this.notes.set(name, note);
      this.record();
    },
    list: () => this.inventory(),
    end: () => {
      if (this.children.size > 0) return false;
      for (const { owned } of this.sockets.values()) closeSocket(owned);
      this.sockets.clear();
      rmSync(this.recordFile, { force: true });
      return true;
    },
  };

  private inventory(): Inventory {
    return {
      pid: process.pid,
      sockets: [...this.sockets.keys()].map((name) => this.factsOf(name)),
      processes: [...this.children.values()].map(({ kept }) => kept),
      notes: Object.fromEntries(this.notes),
    };
  }

  private factsOf(name: string): SocketFacts {
    const had = this.sockets.get(name);
    if (had === undefined) throw new Error(`no socket named ${name}`);
    const { bound, inode, file } = had.owned;
    return { name, bound, inode, wish: had.wish, placed: bound.kind === "tcp" || file !== null };
  }

  /** A group of its own: a signal to the supervisor's terminal is none to the workers. */
  private async spawn(wish: SpawnWish): Promise<Kept> {
    const socket = this.sockets.get(wish.socket);
    if (socket === undefined) throw new Error(`no socket named ${wish.socket}`);
    const { bound, handle } = socket.owned;
    const { fd } = handle;
    const log = openLog(wish.log, LOG_MODE);
    const logStats = fstatSync(log);
    const [program = "", ...args] = wish.command;
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        cwd: wish.cwd,
        env: { ...wish.env },
        stdio: wish.socketFd === 0 ? [fd, log, log] : ["ignore", log, log, fd],
        detached: true,
      });
      await started(child);
    } finally {
      closeSync(log);
    }
    const pid = child.pid ?? 0;
    const { id, tags } = wish;
    const start = processInfo(pid)?.start ?? "";
    const written = { log: wish.log, logFile: fileName(logStats), logFrom: logStats.size };
    const kept = { id, pid, start, bound, ...written, tags };
    const startedMs = monotonicMs();
    this.children.set(id, { kept, process: child, startedMs });
    child.on("exit", (code, signal) => {
      // What it left behind in its group has lost its parent, and would answer for nobody.
      send(pid, "SIGKILL");
      this.children.delete(id);
      this.record();
      this.tell({ exit: { id, pid, code, signal, livedMs: monotonicMs() - startedMs } });
    });
    this.record();
    return kept;
  }

  /**
   * Synced: after a power cut it names another boot, and nothing in it counts. It is for whoever comes after this process
   * was killed: a disk that is full keeps no worker from its start, and nobody from hearing of its end.
   */
  private record(): void {
    const start = processInfo(process.pid)?.start ?? "";
    const record: KeeperRecord = { schema: 1, boot: bootId(), start, ...this.inventory() };
    try {
      writeAtomic(this.recordFile, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    } catch (error) {
      this.log.error("record-not-written", { text: (error as Error).message });
    }
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}

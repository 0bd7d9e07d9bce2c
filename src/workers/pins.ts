import { connect, type Socket } from "node:net";
import type { Kept } from "./keeper-types.js";
import { groupMembers, openSockets, tcpInodesByPeer, type Bound } from "./procfs.js";
import { loopbackOf } from "./trial.js";

interface Pin {
  socket: Socket;
  /** Of our end; null: not connected yet. */
  port: number | null;
  /** Of the other end, once a process has accepted it. */
  inode: string | null;
  pid: number | null;
}

/**
 * Connections that fence opens to a port and says nothing on. Under load a process that shares the port goes from one
 * request to the next; sooner or later the next is one of these, and then it waits for a word that never comes: it is not
 * in the middle of anybody's request, and takes no other. A process that takes over may get one, too: then it is let go
 * at once.
 */
export class Pins {
  private pins: Pin[] = [];

  constructor(private readonly bound: Extract<Bound, { kind: "tcp" }>) {}

  /**
   * Sees who has accepted which, and opens as many more as are wanted.
   * @returns pids of those processes that hold one
   */
  async look(wanted: readonly Kept[]): Promise<Set<number>> {
    const holders = wanted.map(({ pid }) => ({ pid, open: openSocketsOf(pid) }));
    const inodes = tcpInodesByPeer(this.bound.port);
    for (const pin of this.pins) {
      if (pin.port === null || pin.inode !== null) continue;
      const inode = inodes.get(pin.port) ?? "0";
      if (inode === "0") continue;
      pin.inode = inode;
      pin.pid = holders.find(({ open }) => open.has(inode))?.pid ?? null;
      // Accepted by a process that stays, or by one that was looked at before it did: let go in either case.
      if (pin.pid === null) pin.socket.destroy();
    }
    this.pins = this.pins.filter(({ socket }) => !socket.destroyed);
    const pinned = new Set(this.pins.flatMap(({ pid }) => (pid === null ? [] : [pid])));
    const waiting = this.pins.filter(({ pid }) => pid === null).length;
    for (let more = wanted.length - pinned.size - waiting; more > 0; more -= 1) this.open();
    return pinned;
  }

  inodesOf(pid: number): string[] {
    return this.pins.flatMap((pin) => (pin.pid === pid && pin.inode !== null ? [pin.inode] : []));
  }

  /** A process was told to end: it need not wait any longer. */
  release(pid: number): void {
    for (const pin of this.pins) if (pin.pid === pid) pin.socket.destroy();
  }

  end(): void {
    for (const { socket } of this.pins) socket.destroy();
  }

  private open(): void {
    const socket = connect({ host: loopbackOf(this.bound.address), port: this.bound.port });
    const pin: Pin = { socket, port: null, inode: null, pid: null };
    socket.on("connect", () => (pin.port = socket.localPort ?? null));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    this.pins.push(pin);
  }
}

function openSocketsOf(pid: number): ReadonlySet<string> {
  try {
    return openSockets(groupMembers(pid));
  } catch {
    return new Set();
  }
}

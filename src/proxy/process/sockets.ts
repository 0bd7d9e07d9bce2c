import { existsSync, lstatSync, readFileSync, readlinkSync, unlinkSync } from "node:fs";
import { bindTcp, handleOfFd, type SocketHandle } from "../../base/bound-handle.js";
import type { Listen } from "../../spec/types.js";
import { listenName } from "../front/listener.js";
import { bindSocketFile } from "./socket-file.js";

/** Where a listener gets its socket from. */
export interface SocketSource {
  /** The number of a descriptor that is bound to this address. @throws Error why there is none */
  take(listen: Listen): Promise<number>;
  /** The listener has closed its socket. */
  release(listen: Listen): void;
}

/** The sockets of one process, by the name of their address. */
export class BoundSockets implements SocketSource {
  private readonly handles = new Map<string, SocketHandle>();
  /** Descriptors that another process passed on and that nothing has asked for yet. */
  private readonly inherited = new Map<string, SocketHandle>();
  /** Of sockets that a listener has closed: were they collected, the number would be closed a second time. */
  private readonly spent: SocketHandle[] = [];
  /** Socket files that this process, or the one that it took over from, has made. */
  private readonly files = new Map<string, bigint>();

  /** @param fds descriptors that this process was given */
  constructor(fds: readonly number[]) {
    for (const fd of fds) {
      const handle = handleOfFd(fd);
      const name = nameOf(handle);
      this.inherited.set(name, handle);
    }
  }

  /** What was passed on and is none of these addresses. */
  strangers(listens: readonly Listen[]): string[] {
    const wanted = new Set(listens.map(listenName));
    return [...this.inherited.keys()].filter((name) => !wanted.has(name));
  }

  async take(listen: Listen): Promise<number> {
    if (this.handles.has(listenName(listen))) throw alreadyUsed(listen);
    return (await this.handleFor(listen)).fd;
  }

  /** The socket of an address, made when there is none, for whoever passes it on. */
  async handleFor(listen: Listen): Promise<SocketHandle> {
    const name = listenName(listen);
    const had = this.handles.get(name);
    if (had !== undefined) return had;
    const handle = this.inherited.get(name) ?? (await bind(listen));
    this.inherited.delete(name);
    this.handles.set(name, handle);
    if (listen.kind === "unix") this.files.set(listen.path, inodeOf(listen.path));
    return handle;
  }

  release(listen: Listen): void {
    const handle = this.handles.get(listenName(listen));
    if (handle === undefined) return;
    this.handles.delete(listenName(listen));
    this.spent.push(handle);
    if (listen.kind === "unix") this.removeFile(listen.path);
  }

  /** For a process that listens on none itself. */
  close(listen: Listen): void {
    this.handles.get(listenName(listen))?.close();
    this.handles.delete(listenName(listen));
    if (listen.kind === "unix") this.removeFile(listen.path);
  }

  /** The same at its end. */
  closeAll(): void {
    for (const handle of this.handles.values()) handle.close();
    this.handles.clear();
    for (const path of [...this.files.keys()]) this.removeFile(path);
  }

  /** What was passed on and no listener wants. */
  closeStrangers(listens: readonly Listen[]): void {
    for (const name of this.strangers(listens)) {
      this.inherited.get(name)?.close();
      this.inherited.delete(name);
      const path = /^unix:(\/.*)$/.exec(name)?.[1];
      if (path !== undefined && existsSync(path)) unlinkSync(path);
    }
  }

  /** Another process has them, too, from here on: their files stay. */
  handedOver(): void {
    this.files.clear();
  }

  get fds(): number[] {
    return [...this.handles.values()].map(({ fd }) => fd);
  }

  get names(): string[] {
    return [...this.handles.keys()];
  }

  /** Not another's: a process that took over may have put its own there. */
  private removeFile(path: string): void {
    const made = this.files.get(path);
    this.files.delete(path);
    try {
      if (inodeOf(path) === made) unlinkSync(path);
    } catch {
      // It is gone already.
    }
  }
}

/** As when a port is to turn from plain text to TLS under its clients. */
export function alreadyUsed(listen: Listen): Error {
  const text = `cannot listen on ${listenName(listen)}: EADDRINUSE, this proxy already does so in another way`;
  return Object.assign(new Error(text), { code: "EADDRINUSE" });
}

/** @throws Error of bind(2) */
async function bind(listen: Listen): Promise<SocketHandle> {
  const name = listenName(listen);
  if (listen.kind === "tcp") return bindTcp(listen.address, listen.port, name);
  return bindSocketFile(listen.path, name);
}

/** The address that a socket is bound to, as `listenName` writes it. */
function nameOf(handle: SocketHandle): string {
  const out: { address?: string; port?: number } = {};
  if (handle.getsockname?.(out) === 0 && out.address !== undefined && out.port !== undefined)
    return out.address.includes(":") ? `[${out.address}]:${out.port}` : `${out.address}:${out.port}`;
  return `unix:${socketPathOf(handle.fd) ?? "?"}`;
}

/** Node does not tell the path of a unix socket that it was given; the system does, by the socket's inode. */
function socketPathOf(fd: number): string | null {
  const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  for (const line of readFileSync("/proc/self/net/unix", "utf8").split("\n")) {
    const fields = line.trim().split(/ +/);
    if (fields[6] === inode) return fields.slice(7).join(" ") || null;
  }
  return null;
}

function inodeOf(path: string): bigint {
  return lstatSync(path, { bigint: true }).ino;
}

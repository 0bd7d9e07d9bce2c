import { existsSync, lstatSync, readFileSync, readlinkSync, unlinkSync } from "node:fs";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import type { Listen } from "../../spec/types.js";
import { listenName } from "../front/listener.js";
import { SocketFile } from "../front/socket-file.js";

/** A socket as the system knows it, of which nothing is read or accepted yet. */
export interface SocketHandle {
  readonly fd: number;
  getsockname?(out: { address?: string; port?: number; family?: string }): number;
  close(): void;
}

/** Where a listener gets its socket from. */
export interface SocketSource {
  /** The number of a descriptor that is bound to this address. @throws Error why there is none */
  take(listen: Listen): Promise<number>;
  /** The listener has closed its socket. */
  release(listen: Listen): void;
}

/**
 * What node:cluster makes the sockets of its workers with: bound, and not listening, so that whoever holds it accepts
 * nothing. Listening by server.listen() accepts at once; there is no documented way to do the one without the other.
 */
type CreateHandle = (
  address: string | null,
  port: number,
  family: 4 | 6 | -1,
  fd: number | undefined,
  flags: number,
) => SocketHandle | number;
const { _createServerHandle: createHandle } = net as unknown as { _createServerHandle?: CreateHandle };

const IPV6_ONLY = 1;

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
      const handle = handleOf(null, 0, -1, fd, 0, `descriptor ${fd}`);
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
  if (listen.kind === "tcp") {
    const { address, port } = listen;
    // As nginx does it: `[::]` is IPv6 alone, so that `0.0.0.0` can stand beside it.
    const [family, flags] = address.includes(":") ? ([6, IPV6_ONLY] as const) : ([4, 0] as const);
    return handleOf(address, port, family, undefined, flags, name);
  }
  const file = new SocketFile(listen.path);
  await file.check();
  const handle = handleOf(file.bound, -1, -1, undefined, 0, name);
  file.made();
  return handle;
}

function handleOf(...args: [...Parameters<CreateHandle>, name: string]): SocketHandle {
  const [address, port, family, fd, flags, name] = args;
  if (createHandle === undefined) throw new Error("this Node cannot make a socket that does not listen");
  const made = createHandle(address, port, family, fd, flags);
  // That an address is taken shows only when the socket is asked for it.
  const error = typeof made === "number" ? made : (made.getsockname?.({}) ?? 0);
  if (error === 0 && typeof made !== "number") return made;
  if (typeof made !== "number") made.close();
  const code = getSystemErrorName(error);
  throw Object.assign(new Error(`cannot listen on ${name}: ${code}`), { code });
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

import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { FenceError } from "../base/errors.js";
import { bindTcp, bindUnix, type SocketHandle } from "../base/bound-handle.js";
import { monotonicMs, sleep } from "../base/clock.js";
import { isTaken } from "../base/unix-socket.js";
import { listenNow } from "./listen-now.js";
import { inodeOfFd, type Bound } from "./procfs.js";

const FREE_MS = 2000;
const LOOK_MS = 20;

/** Names a file without opening it, of Linux; Node has no name for it. */
const O_PATH = 0o10000000;

/** A socket that workers shall accept from, users as numbers. */
export type SocketWish = { backlog: number } & (
  | { kind: "unix"; path: string; mode: number; uid: number; gid: number }
  | { kind: "tcp"; address: string; /** 0: any free one. */ port: number }
);

/** A socket that listens and that this process never accepts from. */
export interface OwnedSocket {
  handle: SocketHandle;
  bound: Bound;
  /** Of the socket itself. */
  inode: string;
  /** The file of a unix socket in its place; null: it is not there yet, or there is none. */
  file: { path: string; inode: bigint } | null;
}

/**
 * Opens a socket whose connections wait for whichever process it is handed to. A unix socket has its owner and mode before
 * it listens, and it listens before it stands in its place, which `placeSocket` gives it: nobody ever connects to one
 * that is not right yet.
 * @param replaces the socket that answers there is one of our own
 * @throws FenceError worker-socket
 */
export async function openSocket(wish: SocketWish, replaces: boolean): Promise<OwnedSocket> {
  if (wish.kind === "tcp") return openTcp(wish);
  checkFolder(dirname(wish.path));
  await checkPlace(wish.path, replaces);
  const temporary = `${wish.path}~${randomBytes(3).toString("hex")}`;
  const handle = attempt(wish.path, () => bindUnix(temporary, wish.path, wish.mode));
  try {
    giveAway(temporary, wish);
    await listenNow(handle.fd, wish.backlog);
  } catch (error) {
    handle.close();
    removeQuietly(temporary);
    throw refused(wish.path, (error as Error).message, null, error);
  }
  const bound = { kind: "unix", name: temporary } as const;
  return { handle, inode: inodeOfFd(handle.fd), bound, file: null };
}

/** The socket, and no other file that its future owner, or whoever else may write to the folder, has put in its place. */
function giveAway(path: string, { uid, gid }: { uid: number; gid: number }): void {
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(fd);
    if (!stats.isSocket() || stats.nlink !== 1 || stats.uid !== process.geteuid?.())
      throw new Error("somebody has put another file in its place");
    if (stats.uid !== uid || stats.gid !== gid) chownSync(`/proc/self/fd/${fd}`, uid, gid);
  } finally {
    closeSync(fd);
  }
}

/**
 * From here on clients come to it. What an older socket in this place has in its queue stays with those who hold it.
 * @throws FenceError worker-socket
 */
export function placeSocket(owned: OwnedSocket, wish: SocketWish): void {
  if (wish.kind === "tcp" || owned.bound.kind === "tcp" || owned.file !== null) return;
  const { name } = owned.bound;
  attempt(wish.path, () => renameSync(name, wish.path));
  owned.file = { path: wish.path, inode: lstatSync(wish.path, { bigint: true }).ino };
}

/** No more connections come; those that wait are lost unless a worker still holds the socket. */
export function closeSocket({ handle, bound, file }: OwnedSocket): void {
  handle.close();
  if (file === null) {
    if (bound.kind === "unix") removeQuietly(bound.name);
    return;
  }
  const now = lstatSync(file.path, { bigint: true, throwIfNoEntry: false });
  if (now?.ino === file.inode) removeQuietly(file.path);
}

/** What an orphan that was killed has started itself may have the port a moment longer. @throws FenceError worker-socket */
async function bindWhenFree(address: string, port: number, name: string): Promise<SocketHandle> {
  for (const end = monotonicMs() + FREE_MS; monotonicMs() < end; await sleep(LOOK_MS)) {
    try {
      return bindTcp(address, port, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") break;
    }
  }
  return attempt(name, () => bindTcp(address, port, name));
}

async function openTcp({
  address,
  port,
  backlog,
}: Extract<SocketWish, { kind: "tcp" }>): Promise<OwnedSocket> {
  const name = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const handle = await bindWhenFree(address, port, name);
  try {
    await listenNow(handle.fd, backlog);
  } catch (error) {
    handle.close();
    throw refused(name, (error as Error).message, null, error);
  }
  const out: { port?: number } = {};
  handle.getsockname?.(out);
  return {
    handle,
    inode: inodeOfFd(handle.fd),
    bound: { kind: "tcp", address, port: out.port ?? port },
    file: null,
  };
}

/** Whoever may write to a folder may put a socket of his own in the place of ours. @throws FenceError worker-socket */
function checkFolder(folder: string): void {
  let mode: number;
  try {
    const stats = statSync(folder);
    if (!stats.isDirectory()) throw Object.assign(new Error("no folder"), { code: "ENOTDIR" });
    mode = stats.mode;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw refused(
      folder,
      `the folder cannot be used: ${code}`,
      "Make it first, with the owner it should have.",
      cause,
    );
  }
  if ((mode & 0o002) === 0) return;
  const why = "everybody may write to the folder, and so put a socket of his own there";
  throw refused(folder, why, `chmod o-w ${folder}, or choose another folder.`, null);
}

/** @throws FenceError worker-socket unless nothing is there, or a socket that a process left behind */
async function checkPlace(path: string, replaces: boolean): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw refused(path, "something is there that is not a socket", null, null);
  if (replaces || !(await isTaken(path))) return;
  throw refused(path, "another program listens there", "End it first, or choose another path.", null);
}

function attempt<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const taken = code === "EADDRINUSE" ? "another program listens there" : message;
    throw refused(name, taken, null, error);
  }
}

function refused(name: string, why: string, hint: string | null, cause: unknown): FenceError {
  return new FenceError("worker-socket", `cannot open the socket ${name}: ${why}`, {
    ...(hint === null ? {} : { hint }),
    ...(cause === null ? {} : { cause }),
  });
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there.
  }
}

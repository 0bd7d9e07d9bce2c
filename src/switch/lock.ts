import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { FileError } from "../base/file-error.js";
import { makeFolders } from "../base/folders.js";
import { FenceError } from "../base/errors.js";
import { isAlive, processInfo } from "../base/process-info.js";
import { findProgram, programEnv } from "../base/run.js";
import { stateFailure } from "./failure.js";
import { FILE_MODE, FOLDER_MODE, holderPath, lockPath } from "./paths.js";

/** Who holds the lock, as written down beside it for whoever waits. */
export interface Holder {
  pid: number;
  /** Start time of the process in clock ticks since boot. */
  start: string;
  command: string;
  /** ISO 8601. */
  since: string;
}

export interface LockOptions {
  /** 0: do not wait. */
  timeoutMs: number;
  command: string;
  /** ISO 8601, told to whoever waits. */
  since: string;
  signal?: AbortSignal | undefined;
  /** Called once when the lock is held by another; null when it cannot be told by whom. */
  onWait?: (holder: Holder | null) => void;
}

export interface Lock {
  release(): void;
}

/** In the child of `flock`, the lock file. The lock belongs to the open file, which we share, and stays ours when flock ends. */
const CHILD_FD = 3;

/** Whoever can open the file can lock it, and so keep everyone from taking a site down or up. */
const LOCK_MODE = 0o600;

/**
 * Takes the lock of a state folder, which is made when it is missing. The kernel frees it when this process ends,
 * however it ends.
 * @throws FenceError lock-held, state-not-writable; the signal's reason when it aborts
 */
export async function takeLock(stateDir: string, options: LockOptions): Promise<Lock> {
  const flock = findProgram("flock");
  if (flock === null) {
    throw new FenceError("internal", "the program flock is missing", {
      hint: "Install util-linux; fence locks its state folder with it.",
    });
  }
  options.signal?.throwIfAborted();
  try {
    makeFolders(stateDir, FOLDER_MODE);
  } catch (error) {
    throw stateFailure(error);
  }
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const fd = openLockFile(stateDir);
    try {
      await lockFile(flock, fd, stateDir, deadline, options);
      if (isStillThere(fd, stateDir)) {
        writeHolder(stateDir, options);
        return { release: () => release(fd, stateDir) };
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    // Someone removed the file while we waited: what we locked is not what others will lock.
    closeSync(fd);
  }
}

/** Who holds the lock now, by what the holder wrote; null when nobody does. */
export function lockHolder(stateDir: string): Holder | null {
  try {
    const holder = JSON.parse(readFileSync(holderPath(stateDir), "utf8")) as Partial<Holder> | null;
    if (typeof holder?.pid !== "number" || typeof holder.start !== "string") return null;
    return isAlive(holder.pid, holder.start) ? (holder as Holder) : null;
  } catch {
    return null;
  }
}

function openLockFile(stateDir: string): number {
  const path = lockPath(stateDir);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let fd: number;
  try {
    fd = openSync(path, flags, LOCK_MODE);
  } catch (error) {
    throw stateFailure(new FileError("open", path, error));
  }
  try {
    fchmodSync(fd, LOCK_MODE);
  } catch {
    // It belongs to another user who let us write: the mode is theirs.
  }
  return fd;
}

async function lockFile(
  flock: string,
  fd: number,
  stateDir: string,
  deadline: number,
  options: LockOptions,
): Promise<void> {
  const stdio = ["ignore", "ignore", "ignore", fd] as const;
  const first = spawnSync(flock, ["-x", "-n", String(CHILD_FD)], { stdio: [...stdio], env: programEnv() });
  if (first.error)
    throw new FenceError("internal", `cannot run ${flock}: ${first.error.message}`, { cause: first.error });
  if (first.status === 0) return;
  const leftMs = deadline - performance.now();
  if (leftMs <= 0) throw heldBy(stateDir, options.timeoutMs);
  options.onWait?.(lockHolder(stateDir));
  options.signal?.throwIfAborted();
  const isOurs = await new Promise<boolean>((resolve, reject) => {
    // The kernel wakes the waiting flock at once when the holder lets go or dies.
    const args = ["-x", "-w", (leftMs / 1000).toFixed(3), String(CHILD_FD)];
    // In a group of its own: Ctrl-C is for fence, which would take an ended flock for a lock that is held.
    const child = spawn(flock, args, { stdio: [...stdio], env: programEnv(), detached: true });
    const onAbort = (): void => {
      child.kill("SIGKILL");
      reject(options.signal?.reason as Error);
    };
    options.signal?.addEventListener("abort", onAbort, { once: true });
    child.on("error", reject);
    child.on("exit", (code) => {
      options.signal?.removeEventListener("abort", onAbort);
      resolve(code === 0);
    });
  });
  if (!isOurs) throw heldBy(stateDir, options.timeoutMs);
}

function heldBy(stateDir: string, timeoutMs: number): FenceError {
  const holder = lockHolder(stateDir);
  const waited = timeoutMs > 0 ? `; waited ${Math.round(timeoutMs / 100) / 10} s` : "";
  if (holder === null)
    return new FenceError("lock-held", `another fence holds the lock of ${stateDir}${waited}`);
  const isStopped = processInfo(holder.pid)?.state === "T";
  const who = `process ${holder.pid}${isStopped ? ", which is stopped" : ""} (${holder.command}), since ${holder.since}`;
  return new FenceError("lock-held", `another fence holds the lock of ${stateDir}: ${who}${waited}`, {
    hint: isStopped
      ? `Continue it (kill -CONT ${holder.pid}) or end it.`
      : "Wait for it, or give a longer --lock-timeout.",
  });
}

function isStillThere(fd: number, stateDir: string): boolean {
  const ours = fstatSync(fd);
  const there = statSync(lockPath(stateDir), { throwIfNoEntry: false });
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

/** Only for people who wait, so neither atomic nor synced: the lock itself is the kernel's. */
function writeHolder(stateDir: string, options: LockOptions): void {
  try {
    const { start } = processInfo(process.pid) as { start: string };
    const holder: Holder = { pid: process.pid, start, command: options.command, since: options.since };
    rmSync(holderPath(stateDir), { force: true });
    writeFileSync(holderPath(stateDir), `${JSON.stringify(holder)}\n`, { flag: "wx" });
    chmodSync(holderPath(stateDir), FILE_MODE);
  } catch {
    // A full disk, or no /proc, must not keep anyone from taking a site up.
  }
}

function release(fd: number, stateDir: string): void {
  try {
    rmSync(holderPath(stateDir), { force: true });
  } catch {
    // The text stays; it names a process that will have ended.
  }
  closeSync(fd);
}

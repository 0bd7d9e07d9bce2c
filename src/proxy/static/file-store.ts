import { constants } from "node:fs";
import { open, readlink, realpath, stat, type FileHandle } from "node:fs/promises";
import type { Answer } from "../answers/answer.js";
import { etagOf, type Validators } from "./conditions.js";

/** Files up to this size are kept in memory; each is looked at again at most once a second. */
const CACHED_FILE_BYTES_MAX = 64 * 1024;
const CACHE_BYTES_MAX = 32 * 1024 * 1024;
/** Names that are known not to exist, within one second. */
const ABSENT_MAX = 4096;
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A regular file that may be served. */
export interface Found extends Validators {
  kind: "file";
  size: number;
  /** Of a small file; else there is a handle, which whoever gets it must close. */
  content: Buffer | null;
  handle: FileHandle | null;
  /** The answer to a GET without conditions, once there was one, and the lines that it has besides. */
  answer: { lines: string; answer: Answer } | null;
}

export type Lookup = Found | { kind: "directory" | "none" | "forbidden" };

interface Cached extends Found {
  /** The folder that it was found to be in. */
  dir: string;
  content: Buffer;
  identity: string;
  lookedAt: number;
}

/** The files of all folders that are served. Nothing outside a folder is, whatever a symlink says. */
class FileStore {
  private readonly cache = new Map<string, Cached>();
  private bytes = 0;
  private readonly absent = new Set<string>();
  private absentTick = 0;

  /** What is known of a file without asking the disk. @param tick seconds */
  known(dir: string, path: string, tick: number): Found | null {
    const cached = this.cache.get(path);
    return cached !== undefined && cached.lookedAt === tick && cached.dir === dir ? cached : null;
  }

  /** Was a file looked for within this second, and not there? */
  isKnownAbsent(path: string, tick: number): boolean {
    return this.absentTick === tick && this.absent.has(path);
  }

  /** @param path below dir, absolute and normalised @throws for what the disk says, other than that nothing is there */
  async find(dir: string, path: string, tick: number): Promise<Lookup> {
    try {
      const stats = await stat(path);
      if (stats.isDirectory()) return { kind: "directory" };
      if (!stats.isFile()) return { kind: "forbidden" };
      const cached = this.cache.get(path);
      if (cached !== undefined) {
        // By a symlink a file can be within one folder and not within another.
        if (cached.identity === identityOf(stats) && cached.dir === dir) {
          cached.lookedAt = tick;
          return cached;
        }
        this.forget(path, cached);
      }
      return await this.open(dir, path, tick);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") {
        this.noteAbsent(path, tick);
        return { kind: "none" };
      }
      if (code === "EACCES" || code === "EPERM" || code === "ELOOP" || code === "ENXIO")
        return { kind: "forbidden" };
      throw error;
    }
  }

  /** What was opened is what is checked: between a check by name and the opening, a name may change its meaning. */
  private async open(dir: string, path: string, tick: number): Promise<Lookup> {
    const root = await realpath(dir);
    const handle = await open(path, OPEN_FLAGS);
    let isHandedOver = false;
    try {
      const stats = await handle.stat();
      const real = await readlink(`/proc/self/fd/${handle.fd}`);
      if (!stats.isFile() || !(root === "/" || real.startsWith(`${root}/`))) return { kind: "forbidden" };
      const { size } = stats;
      const modifiedSec = Math.floor(stats.mtimeMs / 1000);
      const found = {
        kind: "file",
        size,
        modifiedSec,
        etag: etagOf(path, modifiedSec, size),
        answer: null,
      } as const;
      if (size > CACHED_FILE_BYTES_MAX) {
        isHandedOver = true;
        return { ...found, content: null, handle };
      }
      const content = Buffer.allocUnsafeSlow(size);
      let read = 0;
      while (read < size) {
        const { bytesRead } = await handle.read(content, read, size - read, read);
        if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`);
        read += bytesRead;
      }
      const cached: Cached = {
        ...found,
        content,
        handle: null,
        dir,
        identity: identityOf(stats),
        lookedAt: tick,
      };
      this.keep(path, cached);
      return cached;
    } finally {
      if (!isHandedOver) await handle.close();
    }
  }

  private noteAbsent(path: string, tick: number): void {
    if (this.absentTick !== tick) this.absent.clear();
    this.absentTick = tick;
    if (this.absent.size < ABSENT_MAX) this.absent.add(path);
  }

  /** The oldest go first. */
  private keep(path: string, cached: Cached): void {
    const before = this.cache.get(path);
    if (before !== undefined) this.forget(path, before);
    this.cache.set(path, cached);
    this.bytes += cached.size;
    for (const [oldest, one] of this.cache) {
      if (this.bytes <= CACHE_BYTES_MAX) break;
      this.forget(oldest, one);
    }
  }

  private forget(path: string, cached: Cached): void {
    if (this.cache.get(path) !== cached) return;
    this.cache.delete(path);
    this.bytes -= cached.size;
  }
}

export const FILES = new FileStore();

function identityOf(stats: {
  dev: number;
  ino: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
}): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

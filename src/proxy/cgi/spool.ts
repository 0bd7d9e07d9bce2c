import { randomBytes } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a body of unknown length may take up: of memory, then of a file without a name; and all of them together. */
const SPOOL_LIMITS = {
  memoryBytesMax: 64 * 1024,
  bodyBytesMax: 256 * 1024 * 1024,
  totalBytesMax: 2 * 1024 * 1024 * 1024,
  /** What may wait to be written: beyond it no more is read of the client. */
  unwrittenBytesMax: 1024 * 1024,
} as const;

export type SpoolFault = "spool-too-large" | "spool-full";

let totalBytes = 0;

/** The body of one request, gathered to learn its length before the backend is told of it. */
export class Spool {
  bytes = 0;
  /** In memory: the pieces in order; null: they are in the file. */
  pieces: Buffer[] | null = [];
  private handle: FileHandle | null = null;
  private writing: Promise<void> = Promise.resolve();
  private unwritten = 0;
  private isClosed = false;

  /** @param onWritten there is room again, or a write failed */
  constructor(private readonly onWritten: (error: Error | null) => void) {}

  get isFull(): boolean {
    return this.unwritten > SPOOL_LIMITS.unwrittenBytesMax;
  }

  /** Takes bytes that nobody will write to any more. @returns why they are not taken; null: they are */
  add(bytes: Buffer): SpoolFault | null {
    if (this.bytes + bytes.length > SPOOL_LIMITS.bodyBytesMax) return "spool-too-large";
    if (totalBytes + bytes.length > SPOOL_LIMITS.totalBytesMax) return "spool-full";
    this.bytes += bytes.length;
    totalBytes += bytes.length;
    if (this.pieces !== null && this.bytes <= SPOOL_LIMITS.memoryBytesMax) {
      this.pieces.push(bytes);
      return null;
    }
    const before = this.pieces ?? [];
    this.pieces = null;
    for (const piece of [...before, bytes]) this.write(piece);
    return null;
  }

  /** Resolves once all is written. */
  settled(): Promise<void> {
    return this.writing;
  }

  /** Reads from the file. @returns how many bytes; 0 only when it is closed */
  async read(into: Buffer, at: number): Promise<number> {
    if (this.handle === null || this.isClosed) return 0;
    return (await this.handle.read(into, 0, into.length, at)).bytesRead;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    totalBytes -= this.bytes;
    this.pieces = null;
    void this.writing.then(() => this.handle?.close()).catch(() => {});
  }

  private write(bytes: Buffer): void {
    this.unwritten += bytes.length;
    this.writing = this.writing.then(() => this.writeNow(bytes));
    this.writing.catch(() => {});
  }

  private async writeNow(bytes: Buffer): Promise<void> {
    if (this.isClosed) return;
    try {
      this.handle ??= await openNameless();
      for (let at = 0; at < bytes.length;)
        at += (await this.handle.write(bytes, at, bytes.length - at)).bytesWritten;
    } catch (error) {
      this.onWritten(error as Error);
      throw error;
    }
    this.unwritten -= bytes.length;
    this.onWritten(null);
  }
}

/** A file that is gone with its descriptor. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `fence-body-${randomBytes(16).toString("hex")}`);
  const handle = await open(path, "wx+", 0o600);
  await unlink(path);
  return handle;
}

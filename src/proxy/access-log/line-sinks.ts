import { openSync, statSync } from "node:fs";
import { SonicBoom } from "sonic-boom";
import type { LogSink } from "../log.js";

/** Where lines go, off the path of requests. */
export interface LineSink {
  /** @returns false: too much waits already, and the line is dropped */
  write(line: string): boolean;
  flush(): void;
  /** Opens the file anew, for it was moved away. */
  reopen(): void;
  end(): Promise<void>;
}

/** A reader that has stopped must not make the proxy grow. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** A write a line costs more than the parser. */
const BATCH_BYTES = 32 * 1024;
const WRITE_BYTES_MAX = 64 * 1024;
const FLUSH_MS = 1000;
const END_MS = 2000;
const FILE_MODE = 0o640;

/** A stream of the process, stdout: it knows how much of what it was given nobody has read. */
export class StreamSink implements LineSink {
  private batch = "";

  constructor(private readonly stream: LogSink) {}

  write(line: string): boolean {
    if (this.stream.writableLength > UNREAD_BYTES_MAX) return false;
    this.batch += line;
    if (this.batch.length >= BATCH_BYTES) this.flush();
    return true;
  }

  flush(): void {
    if (this.batch !== "") this.stream.write(this.batch);
    this.batch = "";
  }

  reopen(): void {}

  end(): Promise<void> {
    this.flush();
    return Promise.resolve();
  }
}

/**
 * A file, written by threads that are not the proxy's. Not for pipes: one that nobody reads would keep such a thread,
 * of which there are few.
 */
export class FileSink implements LineSink {
  private readonly file: SonicBoom;
  private isDropped = false;

  /** @param failed told why the file cannot be written @throws Error when it cannot be opened */
  constructor(
    private readonly path: string,
    failed: (error: Error) => void,
  ) {
    const is = statSync(path, { throwIfNoEntry: false });
    if (is !== undefined && !is.isFile() && !is.isCharacterDevice()) throw new Error(`${path} is not a file`);
    this.file = new SonicBoom({
      fd: openSync(path, "a", FILE_MODE),
      maxLength: UNREAD_BYTES_MAX,
      minLength: BATCH_BYTES,
      maxWrite: WRITE_BYTES_MAX,
      periodicFlush: FLUSH_MS,
      mode: FILE_MODE,
    });
    this.file.on("drop", () => (this.isDropped = true));
    this.file.on("error", failed);
  }

  write(line: string): boolean {
    this.isDropped = false;
    this.file.write(line);
    return !this.isDropped;
  }

  flush(): void {
    // The file has a timer of its own.
  }

  reopen(): void {
    this.file.reopen(this.path);
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, END_MS);
      this.file.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.file.end();
    });
  }
}

import sonic from "sonic-boom";
import { openLog } from "../../base/log-file.js";
import type { LogSink } from "../log.js";

/** Where whole lines go, many at once. */
export interface LineSink {
  /** @returns false: too much waits already, and the lines are dropped */
  write(lines: string): boolean;
  /** Opens the file anew, for it was moved away. */
  reopen(): void;
  end(): Promise<void>;
}

/** A reader that has stopped must not make the proxy grow. */
const UNREAD_BYTES_MAX = 1024 * 1024;
const WRITE_BYTES_MAX = 64 * 1024;
const END_MS = 2000;
const FILE_MODE = 0o640;

/** A stream of the process, stdout: it knows how much of what it was given nobody has read. */
export class StreamSink implements LineSink {
  constructor(private readonly stream: LogSink) {}

  write(lines: string): boolean {
    if (this.stream.writableLength > UNREAD_BYTES_MAX) return false;
    this.stream.write(lines);
    return true;
  }

  reopen(): void {}

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * A file, written by threads that are not the proxy's. Not for pipes: one that nobody reads would keep such a thread,
 * of which there are few.
 */
export class FileSink implements LineSink {
  private file: sonic.SonicBoom;
  private isDropped = false;

  /** @param failed told why the file cannot be written @throws Error when it cannot be opened */
  constructor(
    private readonly path: string,
    private readonly failed: (error: Error) => void,
  ) {
    this.file = this.open();
  }

  write(lines: string): boolean {
    this.isDropped = false;
    this.file.write(lines);
    return !this.isDropped;
  }

  reopen(): void {
    const before = this.file;
    try {
      this.file = this.open();
      before.end();
    } catch (error) {
      this.failed(error as Error);
    }
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

  private open(): sonic.SonicBoom {
    const file = new sonic.SonicBoom({
      fd: openLog(this.path, FILE_MODE),
      maxLength: UNREAD_BYTES_MAX,
      maxWrite: WRITE_BYTES_MAX,
    });
    file.on("drop", () => (this.isDropped = true));
    file.on("error", this.failed);
    return file;
  }
}

import { isoTime, wallMs } from "../base/clock.js";

/** What one line of a log may tell; text of clients and backends is escaped by JSON. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Where lines go: a stream that says how much of them it still holds. */
export interface LogSink {
  write(text: string): unknown;
  readonly writableLength: number;
}

/** A reader that has stopped must not make the proxy grow. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** A client that sends nonsense must not fill the disk. */
const LINES_PER_SECOND_MAX = 200;
/** Beyond ASCII: what a terminal might act on. C0 is escaped by JSON itself. */
const UNSAFE = /[\u007f-\uffff]/g;

/** One JSON object a line, at most so many in a second; what is left out is counted and told. */
export class Log {
  private second = 0;
  private lines = 0;
  private dropped = 0;

  constructor(
    private readonly sink: LogSink,
    private readonly server: string,
  ) {}

  error(event: string, fields: LogFields = {}): void {
    this.line("error", event, fields);
  }

  info(event: string, fields: LogFields = {}): void {
    this.line("info", event, fields);
  }

  private line(level: string, event: string, fields: LogFields): void {
    const now = wallMs();
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.second = second;
      this.lines = 0;
      if (this.dropped > 0) this.print(now, "error", "lines-dropped", { count: this.dropped });
      this.dropped = 0;
    }
    if (this.lines >= LINES_PER_SECOND_MAX || this.sink.writableLength > UNREAD_BYTES_MAX) {
      this.dropped += 1;
      return;
    }
    this.lines += 1;
    this.print(now, level, event, fields);
  }

  private print(now: number, level: string, event: string, fields: LogFields): void {
    this.sink.write(`${logLine({ time: isoTime(now), level, server: this.server, event, ...fields })}\n`);
  }
}

function logLine(fields: LogFields): string {
  return JSON.stringify(fields).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

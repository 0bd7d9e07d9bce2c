import type { AccessLog as Settings } from "../../spec/types.js";
import type { Log, LogSink } from "../log.js";
import { combinedLine, jsonLine } from "./access-line.js";
import type { AccessRecord } from "./access-record.js";
import { FileSink, StreamSink, type LineSink } from "./line-sinks.js";

/** A line for each request. What the reader does not take is dropped, counted and told. */
export class AccessLog {
  private dropped = 0;

  constructor(
    /** As JSON: what it was made from. */
    readonly settings: string,
    private readonly lineOf: (record: AccessRecord) => string,
    private readonly sink: LineSink,
    private readonly log: Log,
  ) {}

  add(record: AccessRecord): void {
    if (!this.sink.write(this.lineOf(record))) this.dropped += 1;
  }

  /** Once a second. */
  flush(): void {
    this.sink.flush();
    if (this.dropped > 0) this.log.error("access-lines-dropped", { count: this.dropped });
    this.dropped = 0;
  }

  /** Its file was moved away. */
  reopen(): void {
    this.sink.reopen();
  }

  end(): Promise<void> {
    this.flush();
    return this.sink.end();
  }
}

/**
 * @param settings of the spec; null: none
 * @param stdout asked for on the command line: JSON to stdout, unless the spec says otherwise; null: not asked for
 * @throws Error when the file cannot be opened
 */
export function openAccessLog(settings: Settings | null, stdout: LogSink | null, log: Log): AccessLog | null {
  const wanted = settings ?? (stdout === null ? null : { format: "json" as const, file: null });
  if (wanted === null) return null;
  const { format, file } = wanted;
  const failed = (error: Error): void => log.error("access-log-failed", { text: error.message });
  const sink = file === null ? new StreamSink(stdout ?? process.stdout) : new FileSink(file, failed);
  return new AccessLog(settingsText(settings), format === "json" ? jsonLine : combinedLine, sink, log);
}

export function settingsText(settings: Settings | null): string {
  return JSON.stringify(settings);
}

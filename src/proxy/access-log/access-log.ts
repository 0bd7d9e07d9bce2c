import type { AccessLog as Settings } from "../../spec/types.js";
import type { Log, LogSink } from "../log.js";
import { combinedLine, jsonLine } from "./access-line.js";
import type { AccessRecord } from "./access-record.js";
import { FileSink, StreamSink, type LineSink } from "./line-sinks.js";

/** A write a line costs more than the parser. */
const BATCH_BYTES = 32 * 1024;

/** A line for each request, gathered and written many at once. What the reader does not take is dropped, counted and told. */
export class AccessLog {
  private batch = "";
  private lines = 0;
  private dropped = 0;

  constructor(
    private readonly lineOf: (record: AccessRecord) => string,
    private readonly sink: LineSink,
    private readonly log: Log,
  ) {}

  add(record: AccessRecord): void {
    this.batch += this.lineOf(record);
    this.lines += 1;
    if (this.batch.length >= BATCH_BYTES) this.writeBatch();
  }

  /** Once a second. */
  flush(): void {
    this.writeBatch();
    if (this.dropped > 0) this.log.error("access-lines-dropped", { count: this.dropped });
    this.dropped = 0;
  }

  /** Its file was moved away: what comes from here on goes to the new one. */
  reopen(): void {
    this.writeBatch();
    this.sink.reopen();
  }

  end(): Promise<void> {
    this.flush();
    return this.sink.end();
  }

  private writeBatch(): void {
    if (this.lines === 0) return;
    if (!this.sink.write(this.batch)) this.dropped += this.lines;
    this.batch = "";
    this.lines = 0;
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
  return new AccessLog(format === "json" ? jsonLine : combinedLine, sink, log);
}

import { isoTime, wallMs } from "../base/clock.js";

/** What happens to workers, one JSON object a line. */
export class WorkerLog {
  /** @param afterLine called when one was written, or could not be */
  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly afterLine: () => void = () => {},
  ) {
    // A disk that is full takes a line, and must not take the process that has all sockets.
    stream.on("error", () => {});
  }

  info(event: string, facts: object): void {
    this.write("info", event, facts);
  }

  warn(event: string, facts: object): void {
    this.write("warn", event, facts);
  }

  error(event: string, facts: object): void {
    this.write("error", event, facts);
  }

  private write(level: string, event: string, facts: object): void {
    this.stream.write(`${JSON.stringify({ time: isoTime(wallMs()), level, event, ...facts })}\n`);
    this.afterLine();
  }
}

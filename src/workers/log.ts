import { isoTime, wallMs } from "../base/clock.js";

/** What happens to workers, one JSON object a line. */
export class WorkerLog {
  constructor(private readonly stream: NodeJS.WritableStream) {}

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
  }
}

import { monotonicMs } from "../../../base/clock.js";
import type { HealthCheck } from "../../../spec/types.js";

/** Asks one backend again and again, and tells what came of each. */
export class HealthChecker {
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;

  /**
   * @param ask gives the status of an answer, and throws when there is none
   * @param tell why a check failed; null: it was good
   */
  constructor(
    private readonly check: HealthCheck,
    private readonly ask: () => Promise<number>,
    private readonly tell: (problem: string | null) => void,
  ) {}

  /** The first check is made at once. */
  start(): void {
    const startedMs = monotonicMs();
    void this.problem().then((problem) => {
      if (this.isStopped) return;
      this.tell(problem);
      const leftMs = this.check.intervalMs - (monotonicMs() - startedMs);
      this.timer = setTimeout(() => this.start(), Math.max(0, leftMs)).unref();
    });
  }

  /** What is under way is not told any more. */
  stop(): void {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private async problem(): Promise<string | null> {
    const { first, last } = this.check.status;
    try {
      const status = await this.ask();
      return status >= first && status <= last ? null : `status ${status}, not ${first} to ${last}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

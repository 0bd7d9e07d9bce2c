import { wallMs } from "../base/clock.js";
import type { WorkerLog } from "./log.js";
import type { Outcome, Trouble, Worker } from "./types.js";

/** Starts a set that is to run and does not, again and again, with the pauses of its restarts. */
export class Revival {
  trouble: Trouble | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isCancelled = false;

  constructor(
    private readonly worker: Worker,
    private readonly log: WorkerLog,
    private readonly start: () => Promise<Outcome>,
  ) {}

  /** The first try; resolves with its end, whatever it is. */
  async now(): Promise<void> {
    this.isCancelled = false;
    await this.attempt();
  }

  cancel(): void {
    this.isCancelled = true;
    this.trouble = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async attempt(): Promise<void> {
    const { result, sentence, hint, code } = await this.start();
    if (this.isCancelled) return;
    if (result !== "failed") {
      this.trouble = null;
      return;
    }
    const { firstMs, longestMs, failures } = this.worker.restart;
    // A command of a person is under way: it says itself what becomes of it.
    const deaths = (this.trouble?.deaths ?? 0) + (code === "workers-busy" ? 0 : 1);
    const pauseMs = Math.min(longestMs, firstMs * 2 ** Math.min(Math.max(0, deaths - 1), 30));
    this.trouble = {
      sinceMs: this.trouble?.sinceMs ?? wallMs(),
      why: sentence,
      lastWords: hint === null ? [] : [hint],
      deaths,
      breakerOpen: deaths >= failures,
    };
    this.log.warn("workers-not-started", { worker: this.worker.name, nextInMs: pauseMs });
    this.timer = setTimeout(() => void this.attempt(), pauseMs);
  }
}

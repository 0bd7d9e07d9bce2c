import { monotonicMs } from "../base/clock.js";
import type { Outcome } from "./types.js";

const LOOK_MS = 1000;

/** Has a set replaced when it has come to its age; when that fails, not again at once. */
export class Aging {
  private readonly timer: NodeJS.Timeout;
  private notBeforeMs = 0;

  constructor(
    private readonly isDue: () => boolean,
    private readonly replace: () => Promise<Outcome>,
    /** After a failure. */
    private readonly pauseMs: () => number,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  end(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (monotonicMs() < this.notBeforeMs || !this.isDue()) return;
    const { result } = await this.replace();
    if (result === "failed") this.notBeforeMs = monotonicMs() + this.pauseMs();
  }
}

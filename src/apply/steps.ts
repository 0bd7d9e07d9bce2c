import { monotonicMs } from "../base/clock.js";
import type { Step, StepEvent } from "./types.js";

export type OnStep = (event: StepEvent) => void;

/** Tells the steps of one change and keeps how long each took. */
export class Steps {
  readonly #began = monotonicMs();
  readonly #started = new Map<Step, number>();
  readonly #durations = new Map<Step, number>();

  constructor(private readonly onStep: OnStep = () => {}) {}

  get elapsedMs(): number {
    return monotonicMs() - this.#began;
  }

  /** Milliseconds a step, rounded to tenths; only of steps that ended. */
  get durations(): Record<string, number> {
    return Object.fromEntries([...this.#durations].map(([step, ms]) => [step, Math.round(ms * 10) / 10]));
  }

  tell(
    step: Step,
    phase: StepEvent["phase"],
    text: string,
    site: string | null = null,
    server: string | null = null,
  ): void {
    if (phase === "start" && !this.#started.has(step)) this.#started.set(step, this.elapsedMs);
    this.onStep({ step, phase, site, server, text, elapsedMs: this.elapsedMs });
  }

  /** The whole step is over, for all sites and servers. */
  end(step: Step, phase: "ok" | "failed", text: string): void {
    const started = this.#started.get(step) ?? this.elapsedMs;
    this.#durations.set(step, (this.#durations.get(step) ?? 0) + this.elapsedMs - started);
    this.#started.delete(step);
    this.tell(step, phase, text);
  }
}

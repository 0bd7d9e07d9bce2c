import { monotonicMs } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import type { WorkerLog } from "./log.js";
import type { Outcome } from "./types.js";

export type Did = Pick<Outcome, "result" | "sentence" | "cut">;

export function did(result: Did["result"], sentence: string, cut = 0): Did {
  return { result, sentence, cut };
}

/** One change of a worker at a time; how each ends is a value, and a line of the log. */
export class Turn {
  /** What is under way; null: nothing. */
  doing: string | null = null;
  private isClosed = false;
  /** Settles when what is under way has ended. */
  private free: Promise<void> = Promise.resolve();

  constructor(
    private readonly worker: string,
    private readonly log: WorkerLog,
    private readonly generation: () => number,
  ) {}

  /** From here on it can only be stopped. */
  close(): void {
    this.isClosed = true;
  }

  async take(what: string, work: () => Promise<Did>): Promise<Outcome> {
    const began = monotonicMs();
    const tell = (told: Did & Pick<Outcome, "code" | "hint">): Outcome => {
      const tookMs = Math.round(monotonicMs() - began);
      const { worker } = this;
      this.log.info(`workers-${what}`, { worker, tookMs, ...told });
      return { worker, generation: this.generation(), tookMs, ...told };
    };
    const refuse = (sentence: string, code: string, hint: string | null): Outcome =>
      tell({ ...did("failed", sentence), code, hint });
    // What is to end ends, whatever it was about to do; and nobody has asked for a replacement by age.
    while (this.doing !== null && (what === "stop" || this.doing === "recycle")) await this.free;
    if (this.doing !== null)
      return refuse(
        `another command is under way for ${this.worker}: ${this.doing}`,
        "workers-busy",
        "Wait until it has ended.",
      );
    if (this.isClosed && what !== "stop") return refuse("the supervisor is ending", "workers-busy", null);
    this.doing = what;
    let end: () => void = () => {};
    this.free = new Promise((resolve) => (end = resolve));
    try {
      return tell({ ...(await work()), code: null, hint: null });
    } catch (error) {
      const known = error instanceof FenceError ? error : null;
      return refuse((error as Error).message, known?.code ?? "internal", known?.hint ?? null);
    } finally {
      this.doing = null;
      end();
    }
  }
}

import type { ExitEvent } from "./keeper-types.js";
import type { Ending } from "./restart-policy.js";

/** Who waits for the end of which process. */
export class Exits {
  private readonly waiting = new Map<string, (ending: Ending) => void>();
  private readonly promises = new Map<string, Promise<Ending>>();

  /** Must be called before the process can end. */
  expect(id: string): Promise<Ending> {
    const had = this.promises.get(id);
    if (had !== undefined) return had;
    const promise = new Promise<Ending>((resolve) => this.waiting.set(id, resolve));
    this.promises.set(id, promise);
    return promise;
  }

  /** It has not been heard that the process has ended. */
  isRunning(id: string): boolean {
    return this.waiting.has(id);
  }

  take({ id, code, signal, livedMs }: ExitEvent["exit"]): void {
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    this.promises.delete(id);
    resolve?.({ code, signal, livedMs });
  }

  /** The process was not started after all. */
  forget(id: string): void {
    this.waiting.delete(id);
    this.promises.delete(id);
  }

  /** @returns null when the process still runs after so long */
  within(id: string, timeoutMs: number): Promise<Ending | null> {
    if (!this.isRunning(id)) return Promise.resolve({ code: null, signal: null, livedMs: 0 });
    const ended = this.expect(id);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), timeoutMs);
      void ended.then((ending) => {
        clearTimeout(timer);
        resolve(ending);
      });
    });
  }
}

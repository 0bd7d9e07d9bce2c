import type { ExitEvent } from "./keeper-types.js";
import type { Ending } from "./restart-policy.js";

/** Far more than processes can end between two turns of the event loop. */
const REMEMBERED_MAX = 1024;

/**
 * Who waits for the end of which process. An end is remembered for a while: it may be heard in the same piece as the answer
 * that tells of the process, and so before anybody could ask after it.
 */
export class Exits {
  private readonly waiting = new Map<
    string,
    { promise: Promise<Ending>; resolve: (ending: Ending) => void }
  >();
  private readonly ended = new Map<string, Ending>();

  /** Must be called soon after it was heard of the process. */
  expect(id: string): Promise<Ending> {
    const had = this.waiting.get(id);
    if (had !== undefined) return had.promise;
    const ending = this.ended.get(id);
    if (ending !== undefined) return Promise.resolve(ending);
    let resolve: (ending: Ending) => void = () => {};
    const promise = new Promise<Ending>((settle) => (resolve = settle));
    this.waiting.set(id, { promise, resolve });
    return promise;
  }

  /** Its end was waited for, and has not been heard. */
  isRunning(id: string): boolean {
    return this.waiting.has(id);
  }

  take({ id, code, signal, livedMs }: ExitEvent["exit"]): void {
    const ending = { code, signal, livedMs };
    this.ended.set(id, ending);
    for (const oldest of this.ended.keys()) {
      if (this.ended.size <= REMEMBERED_MAX) break;
      this.ended.delete(oldest);
    }
    this.waiting.get(id)?.resolve(ending);
    this.waiting.delete(id);
  }

  /** The process was not started after all. */
  forget(id: string): void {
    this.waiting.delete(id);
  }

  /** @returns null when the process still runs after so long */
  within(id: string, timeoutMs: number): Promise<Ending | null> {
    const had = this.waiting.get(id);
    if (had === undefined) return Promise.resolve(this.ended.get(id) ?? UNKNOWN);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), timeoutMs);
      void had.promise.then((ending) => {
        clearTimeout(timer);
        resolve(ending);
      });
    });
  }
}

const UNKNOWN: Ending = { code: null, signal: null, livedMs: 0 };

import { performance } from "node:perf_hooks";

/** Milliseconds that only move forward and do not know of the wall clock: for every deadline and duration. */
export function monotonicMs(): number {
  return performance.now();
}

/** Unix time in milliseconds: only for what people read and for expiries that people set. */
export function wallMs(): number {
  return Date.now();
}

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** @throws the signal's reason when it aborts, at once. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

export interface WaitOptions {
  /** 0: look once. */
  timeoutMs: number;
  /** Between two looks. */
  intervalMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Looks until there is a value. Looks at least once, and once more when the deadline has come, so that a
 * machine too busy to look in between does not turn a yes into a no.
 * @returns the first value that is not null, or null at the deadline
 * @throws the signal's reason when it aborts between two looks; whatever `look` throws
 */
export async function waitUntil<T>(
  look: () => T | null | Promise<T | null>,
  options: WaitOptions,
): Promise<T | null> {
  const deadline = monotonicMs() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const isLast = monotonicMs() >= deadline;
    const value = await look();
    if (value !== null || isLast) return value;
    await sleep(Math.max(0, Math.min(options.intervalMs, deadline - monotonicMs())), options.signal);
  }
}

/** Bounds of the pauses between the starts of a worker that dies. */
export interface RestartBounds {
  firstMs: number;
  longestMs: number;
  /** Deaths in a row that open the breaker. */
  failures: number;
}

/** One that lived so long did not die of its start. */
export const LONG_LIVED_MS = 10_000;
/** One that ended by itself, with 0, after so long has done its share: many FastCGI programs end after so many requests. */
const SHARE_MS = 1000;
/** The same of one that was seen to take connections: where there are many, the share is done in less. */
const PROVEN_SHARE_MS = 100;

export interface Ending {
  code: number | null;
  signal: string | null;
  livedMs: number;
}

/** What is known of one place of a set. */
export interface Place {
  /** Deaths in a row, each soon after the start. */
  failures: number;
}

export interface Verdict extends Place {
  /** Until the next start. */
  pauseMs: number;
  /** From here on starts are tried one at a time. */
  opensBreaker: boolean;
}

/** What follows from the end of a worker that was to serve on. @param isProven it has been seen to take connections */
export function afterEnd(place: Place, ending: Ending, bounds: RestartBounds, isProven: boolean): Verdict {
  if (ending.code === 0 && ending.livedMs >= (isProven ? PROVEN_SHARE_MS : SHARE_MS))
    return { failures: 0, pauseMs: 0, opensBreaker: false };
  const failures = ending.livedMs >= LONG_LIVED_MS ? 1 : place.failures + 1;
  const pauseMs = Math.min(bounds.longestMs, bounds.firstMs * 2 ** Math.min(failures - 1, 30));
  return { failures, pauseMs, opensBreaker: failures >= bounds.failures };
}

/** How a process ended, for people. */
export function endText({ code, signal, livedMs }: Ending): string {
  const how = signal === null ? `ended with code ${code ?? "unknown"}` : `was ended by ${signal}`;
  return `${how} after ${livedMs < 1000 ? `${Math.round(livedMs)} ms` : `${(livedMs / 1000).toFixed(1)} s`}`;
}

/** A connection that has waited longer for its first answer, while others were answered, is one too many. */
const WAIT_MS = 100;
/** For so long no connection is kept after that. */
const SHUN_TICKS = 10;

/**
 * Whether connections to one backend are kept. A process of PHP serves one connection until it is closed: if a few that
 * are kept take all processes, the others are never served. So none is kept as long as one had to wait.
 */
export class KeepRule {
  /** Connections that have not answered anything, the oldest first, and since when (monotonic). */
  private readonly waiting = new Map<object, number>();
  private shunUntil = 0;

  opens(connection: object, nowMs: number): void {
    this.waiting.set(connection, nowMs);
  }

  /** It has answered, or is gone. */
  settles(connection: object): void {
    this.waiting.delete(connection);
  }

  /** @param nowMs asked only when there is one that waits */
  mayKeep(tick: number, nowMs: () => number): boolean {
    if (this.waiting.size > 0) {
      const oldest = this.waiting.values().next().value ?? Infinity;
      if (nowMs() - oldest > WAIT_MS) this.shunUntil = tick + SHUN_TICKS;
    }
    return tick >= this.shunUntil;
  }
}

/** A connection that has waited longer for its first answer, while others were answered, is one too many. */
const WAIT_MS = 100;
/** And longer than this after it was first seen to: else it may be this process that has stood still. */
const GRACE_MS = 30;
/** For so long no connection is kept after that. */
const SHUN_TICKS = 5;

/**
 * Whether connections to one backend are kept. A process of PHP serves one connection until it is closed: if a few that
 * are kept take all processes, the others are never served. So none is kept as long as one had to wait.
 */
export class KeepRule {
  /** Connections that have not answered anything, the oldest first, and since when (monotonic). */
  private readonly waiting = new Map<object, number>();
  private suspect: object | null = null;
  private suspectedMs = 0;
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
    if (this.waiting.size > 0 && this.isOneLeftOut(nowMs())) this.shunUntil = tick + SHUN_TICKS;
    return tick >= this.shunUntil;
  }

  private isOneLeftOut(now: number): boolean {
    const [[oldest, sinceMs] = [null, now]] = this.waiting;
    if (now - sinceMs <= WAIT_MS) return false;
    if (this.suspect === oldest) return now - this.suspectedMs > GRACE_MS;
    this.suspect = oldest;
    this.suspectedMs = now;
    return false;
  }
}

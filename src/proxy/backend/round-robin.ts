/** What can be chosen: one backend that may have refused a connection lately. */
export interface Choosable {
  /** Tick of the last refused connection; null: none since the last success. */
  refusedAt: number | null;
}

/** Takes each in turn, passes over those that rest after a refusal, and comes back to them when nothing else is left. */
export class RoundRobin<T extends Choosable> {
  private turn = 0;

  constructor(
    readonly all: readonly T[],
    private readonly restTicks: number,
  ) {}

  /** @param tried those that this request has been to; null: none */
  choose(now: number, tried: ReadonlySet<T> | null): T | null {
    const { all } = this;
    let resting: T | null = null;
    for (let step = 0; step < all.length; step += 1) {
      const one = all[(this.turn + step) % all.length] as T;
      if (tried !== null && tried.has(one)) continue;
      if (one.refusedAt !== null && now - one.refusedAt < this.restTicks) {
        resting ??= one;
        continue;
      }
      this.turn = (this.turn + step + 1) % all.length;
      return one;
    }
    if (resting !== null) this.turn = (all.indexOf(resting) + 1) % all.length;
    return resting;
  }
}

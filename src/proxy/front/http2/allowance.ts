/** What a client may do so often and no oftener: a bucket that fills again. */
export class Allowance {
  private left: number;

  /** @param tick seconds, of the sweep */
  constructor(
    private readonly max: number,
    private readonly perSecond: number,
    private tick: number,
  ) {
    this.left = max;
  }

  /** Takes one. @returns false: there is none left */
  take(tick: number): boolean {
    this.left = Math.min(this.max, this.left + (tick - this.tick) * this.perSecond);
    this.tick = tick;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}

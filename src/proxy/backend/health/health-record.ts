/** What the health checks of one backend have come to. It is available until they say otherwise. */
export class HealthRecord {
  isUnhealthy = false;
  /** Why the last check failed; null: it did not, or there was none. */
  problem: string | null = null;
  /** Checks in a row that speak against what it is. */
  private against = 0;

  /**
   * Takes down one check.
   * @param problem why it failed; null: it was good
   * @returns whether the backend is now what it was not before
   */
  note(problem: string | null, { passes, fails }: { passes: number; fails: number }): boolean {
    this.problem = problem;
    const isAgainst = (problem === null) === this.isUnhealthy;
    this.against = isAgainst ? this.against + 1 : 0;
    if (this.against < (this.isUnhealthy ? passes : fails)) return false;
    this.isUnhealthy = !this.isUnhealthy;
    this.against = 0;
    return true;
  }

  /** The backend may be another one by now. */
  forget(): void {
    this.isUnhealthy = false;
    this.problem = null;
    this.against = 0;
  }
}

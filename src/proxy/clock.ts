import { wallMs } from "../base/clock.js";

/** The time as the proxy's hot path knows it: brought up to date by each sweep, read as a field. */
export class CoarseClock {
  /** Seconds since the start, by the count of sweeps: for timeouts. */
  tick = 0;
  /** `Date: …` with its CRLF, for answers of the proxy's own. */
  dateLine = "";

  constructor() {
    this.readWall();
  }

  /** @param elapsedSec whole seconds since the start, monotonic */
  advance(elapsedSec: number): void {
    this.tick = elapsedSec;
    this.readWall();
  }

  private readWall(): void {
    this.dateLine = `Date: ${new Date(wallMs()).toUTCString()}\r\n`;
  }
}

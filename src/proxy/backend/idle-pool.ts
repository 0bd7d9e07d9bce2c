/** Connections to one backend that wait for a request; the last one used is the first one taken again. */
export class IdlePool<T extends { idleSince: number }> {
  private readonly idle: T[] = [];

  constructor(public max: number) {}

  get size(): number {
    return this.idle.length;
  }

  /** @param now in ticks. @returns false when there is no room: the connection is to be closed */
  put(connection: T, now: number): boolean {
    if (this.idle.length >= this.max) return false;
    connection.idleSince = now;
    this.idle.push(connection);
    return true;
  }

  /** The one used last, unless it has been idle for longer than `ticksMax`. */
  take(now: number, ticksMax: number): T | null {
    const last = this.idle.at(-1);
    if (last === undefined || now - last.idleSince > ticksMax) return null;
    this.idle.pop();
    return last;
  }

  /** Takes out and returns all that there are. */
  takeAll(): T[] {
    return this.idle.splice(0);
  }

  /** Keeps none from now on. @returns those that it had */
  close(): T[] {
    this.max = 0;
    return this.takeAll();
  }

  /** Takes out the one that has been idle for longest. */
  takeOldest(): T | null {
    return this.idle.shift() ?? null;
  }

  remove(connection: T): void {
    const index = this.idle.lastIndexOf(connection);
    if (index !== -1) this.idle.splice(index, 1);
  }

  /** Takes out and returns those that have been idle for longer than `ticksMax`. */
  expire(now: number, ticksMax: number): T[] {
    const young = this.idle.findIndex((connection) => now - connection.idleSince <= ticksMax);
    return this.idle.splice(0, young === -1 ? this.idle.length : young);
  }
}

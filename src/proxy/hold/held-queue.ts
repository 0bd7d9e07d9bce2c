/** A place in a queue; the queue alone writes to it. */
export interface Place<T> {
  before: T | null;
  behind: T | null;
}

/** First in, first out, and out of the middle at no cost either: a client that leaves does not make the others wait. */
export class HeldQueue<T extends Place<T>> {
  first: T | null = null;
  size = 0;
  private last: T | null = null;

  put(one: T): void {
    one.before = this.last;
    one.behind = null;
    if (this.last === null) this.first = one;
    else this.last.behind = one;
    this.last = one;
    this.size += 1;
  }

  /** Takes out one that is in it. */
  remove(one: T): void {
    const { before, behind } = one;
    if (before === null) this.first = behind;
    else before.behind = behind;
    if (behind === null) this.last = before;
    else behind.before = before;
    one.before = null;
    one.behind = null;
    this.size -= 1;
  }
}

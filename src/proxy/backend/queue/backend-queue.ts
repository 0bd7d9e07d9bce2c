import { HeldQueue } from "../../hold/held-queue.js";
import type { Upstream } from "../../../spec/types.js";
import type { Exchange } from "../exchange.js";
import { Turn } from "./turn.js";

/**
 * The requests of one upstream that wait until one of its backends has room: the first to come is the first to go. They
 * are in flight for their site, so that nobody takes it for drained.
 */
export class BackendQueue {
  /** Bytes read ahead, of all that wait. */
  bufferedBytes = 0;
  /** Since the start: found no place, and waited for too long. */
  readonly refused = { full: 0, timeout: 0 };
  private readonly queue = new HeldQueue<Turn>();
  private isScheduled = false;

  constructor(private bounds: Upstream["queue"]) {}

  get size(): number {
    return this.queue.size;
  }

  /** The bounds of a new spec: for those that come, and for when there is room. */
  reconfigure(bounds: Upstream["queue"]): void {
    this.bounds = bounds;
    this.freed();
  }

  /** @returns null: there is no place */
  admit(exchange: Exchange): Turn | null {
    if (this.size >= this.bounds.max) {
      this.refused.full += 1;
      return null;
    }
    const turn = new Turn(exchange, this, this.bounds.timeoutMs);
    this.queue.put(turn);
    return turn;
  }

  /** There may be room. Whoever frees it finishes first what it is at. */
  freed(): void {
    if (this.size === 0 || this.isScheduled) return;
    this.isScheduled = true;
    process.nextTick(() => {
      this.isScheduled = false;
      this.move();
    });
  }

  /** For turns alone. */
  takeOut(turn: Turn): void {
    this.queue.remove(turn);
  }

  /** For turns alone: the time is over. */
  expire({ exchange }: Turn): void {
    this.refused.timeout += 1;
    exchange.client.guard(() => exchange.fail("queue-timeout"));
  }

  private move(): void {
    for (;;) {
      const { first } = this.queue;
      if (first === null) return;
      const { exchange } = first;
      exchange.client.guard(() => exchange.start(true));
      if (this.queue.first === first) return;
    }
  }
}

import { monotonicMs } from "../../base/clock.js";
import type { HoldValues } from "../../base/mode.js";
import type { ModeStore } from "../modes/mode-store.js";
import { PROXY_LIMITS } from "../timeouts.js";
import { HeldQueue, type Place } from "./held-queue.js";

/** Why a request was not held, or no longer. */
export type Refusal = "full" | "client" | "bytes" | "wait" | "ended";

/** A request that waits. */
export interface Held<T> extends Place<T> {
  /** Monotonic: since when. */
  readonly sinceMs: number;
  /** By which address it is counted; null: it is not. */
  readonly countedAs: string | null;
  /** Its turn has come: it is out of the queue. */
  letGo(): void;
  /** It gets what it would get while the site is down: it is out of the queue. */
  turnAway(): void;
}

/** Whose requests wait. */
export interface HoldingSite {
  readonly modes: ModeStore;
  /** Requests that the backends have, without those whose answers have been coming for a while. */
  readonly paced: number;
  /** Nobody waits any more. */
  settle(): void;
}

/** Requests let go or turned away before the loop turns: control and other sites must not wait for a queue. */
const AT_ONCE = 64;

/**
 * The requests of one site that wait. A site that is up has none, except while those that waited are let go: in the
 * order in which they came, as many at once as the hold says, and whoever comes meanwhile behind them.
 */
export class WaitingRoom<T extends Held<T>> {
  /** Bytes read ahead, of all that are held. */
  bufferedBytes = 0;
  /** Since the start: let go, gone by themselves, and refused by which limit. */
  readonly totals = {
    released: 0,
    left: 0,
    refused: { full: 0, client: 0, bytes: 0, wait: 0, ended: 0 } satisfies Record<Refusal, number>,
  };
  private readonly queue = new HeldQueue<T>();
  private readonly perClient = new Map<string, number>();
  /** Of the hold in force, or of the last one. */
  private hold: HoldValues | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isMoving = false;
  private isScheduled = false;
  private isClosed = false;

  constructor(private readonly site: HoldingSite) {}

  get size(): number {
    return this.queue.size;
  }

  /** How long the first in the queue has waited; null: there is none. */
  get oldestMs(): number | null {
    const { first } = this.queue;
    return first === null ? null : Math.round(monotonicMs() - first.sinceMs);
  }

  hasRoomFor(bytes: number): boolean {
    return bytes < (this.hold?.maxBodyBytes ?? 0) && this.bufferedBytes < PROXY_LIMITS.heldBytesMax;
  }

  /** Has a request wait. @returns why it may not; null: it does */
  admit(held: T): Refusal | null {
    const { hold, perClient } = this;
    const { countedAs } = held;
    if (hold === null || this.isClosed) return this.refuse("ended");
    if (this.queue.size >= hold.maxHeld) return this.refuse("full");
    if (this.bufferedBytes >= PROXY_LIMITS.heldBytesMax) return this.refuse("bytes");
    if (countedAs !== null) {
      const count = perClient.get(countedAs) ?? 0;
      if (count >= hold.maxHeldPerClient) return this.refuse("client");
      perClient.set(countedAs, count + 1);
    }
    this.queue.put(held);
    if (this.timer === null) this.arm();
    return null;
  }

  /** A client has gone. */
  leaves(held: T): void {
    this.takeOut(held);
    this.totals.left += 1;
    if (this.queue.size === 0) this.site.settle();
  }

  /** The mode, or what the hold grants, has changed. */
  modeChanged(): void {
    const { mode, state } = this.site.modes;
    if (mode === "hold" && state?.hold) this.hold = state.hold;
    if (this.timer !== null) this.arm();
    this.move();
  }

  /** Nothing more is begun: those that wait are turned away. */
  close(): void {
    this.isClosed = true;
    this.move();
  }

  /** Lets go of as many as may go, or turns all away, as the mode wants it. */
  move(): void {
    if (this.isMoving || this.queue.size === 0) return;
    this.isMoving = true;
    for (let moved = 0; this.mayMove(); moved += 1) {
      if (moved === AT_ONCE) {
        this.schedule();
        break;
      }
      const held = this.queue.first as T;
      this.takeOut(held);
      if (this.isClosed || this.site.modes.mode !== "up") {
        this.refuse("ended");
        held.turnAway();
      } else {
        this.totals.released += 1;
        held.letGo();
      }
    }
    this.isMoving = false;
    if (this.queue.size === 0) this.site.settle();
  }

  private mayMove(): boolean {
    if (this.queue.size === 0) return false;
    const { mode } = this.site.modes;
    if (this.isClosed || mode === "down") return true;
    return mode === "up" && this.site.paced < (this.hold?.releaseConcurrency ?? 1);
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.move();
    });
  }

  /** One timer, for whoever has waited longest. */
  private arm(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { first } = this.queue;
    if (first === null) return;
    const leftMs = first.sinceMs + this.maxWaitMs - monotonicMs();
    this.timer = setTimeout(() => this.expire(), Math.max(0, Math.ceil(leftMs))).unref();
  }

  private expire(): void {
    const longest = monotonicMs() - this.maxWaitMs;
    for (let turned = 0; turned < AT_ONCE; turned += 1) {
      const { first } = this.queue;
      if (first === null || first.sinceMs > longest) break;
      this.takeOut(first);
      this.refuse("wait");
      first.turnAway();
    }
    this.arm();
    if (this.queue.size === 0) this.site.settle();
  }

  private get maxWaitMs(): number {
    return this.hold?.maxWaitMs ?? 0;
  }

  private takeOut(held: T): void {
    this.queue.remove(held);
    const { countedAs } = held;
    if (countedAs === null) return;
    const count = (this.perClient.get(countedAs) ?? 1) - 1;
    if (count > 0) this.perClient.set(countedAs, count);
    else this.perClient.delete(countedAs);
  }

  private refuse(why: Refusal): Refusal {
    this.totals.refused[why] += 1;
    return why;
  }
}

import type { StashKeeper } from "../../front/request-reader.js";
import { isGone } from "../../front/is-gone.js";
import type { Place } from "../../hold/held-queue.js";
import { PROXY_LIMITS } from "../../timeouts.js";
import type { Exchange } from "../exchange.js";
import type { BackendQueue } from "./backend-queue.js";

/** The place of one request in the queue. Its client is read on, within bounds, so that it shows when it leaves. */
export class Turn implements StashKeeper, Place<Turn> {
  before: Turn | null = null;
  behind: Turn | null = null;
  private kept = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    readonly exchange: Exchange,
    private readonly queue: BackendQueue,
    timeoutMs: number,
  ) {
    this.timer = setTimeout(() => queue.expire(this), timeoutMs).unref();
    exchange.client.reader.keepWith(this);
  }

  /** More of the request, or of what follows it, was read ahead. @returns false: no more may be */
  keeps(bytes: number): boolean {
    this.queue.bufferedBytes += bytes - this.kept;
    this.kept = bytes;
    return bytes < PROXY_LIMITS.queuedBytesMax && this.queue.bufferedBytes < PROXY_LIMITS.heldBytesMax;
  }

  /** It waits no longer, whatever becomes of it. */
  end(): void {
    const { client } = this.exchange;
    clearTimeout(this.timer);
    this.queue.bufferedBytes -= this.kept;
    this.queue.takeOut(this);
    client.reader.keeper = null;
    client.timer.bodyBegins(client.context.clock.tick);
  }

  /** A client that may send no more is asked for: its end would not be read. */
  sweep(): void {
    const { reader, socket } = this.exchange.client;
    if (reader.isPaused && isGone(socket)) socket.destroy();
  }
}

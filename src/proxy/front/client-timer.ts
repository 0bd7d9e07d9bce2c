import type { Failure } from "../answers/failures.js";
import { PROXY_LIMITS, TIMEOUTS_SEC } from "../timeouts.js";
import { isUnsent, progressOf } from "../transport.js";
import type { Client } from "./client.js";

/** Since when a client's connection has been in which state; all times in ticks of the sweep. */
export class ClientTimer {
  private since: number;
  private headSince: number | null = null;
  private heardAt: number;
  private bodyBytes = 0;
  private pausedSince: number | null = null;
  private pausedTicks = 0;
  private progress = 0;
  private progressAt = 0;

  constructor(tick: number) {
    this.since = tick;
    this.heardAt = tick;
  }

  heard(tick: number, bytes: number): void {
    this.heardAt = tick;
    this.bodyBytes += bytes;
  }

  /** How long the connection has been between two requests; 0: it is not. */
  idleSec({ reader }: Client, tick: number): number {
    return reader.phase === "head" && !reader.hasStash ? tick - this.since : 0;
  }

  idles(tick: number): void {
    this.since = tick;
  }

  lingers(tick: number): void {
    this.since = tick;
    this.heardAt = tick;
  }

  headBegins(tick: number): void {
    this.headSince ??= tick;
  }

  headEnds(): void {
    this.headSince = null;
  }

  bodyBegins(tick: number): void {
    this.since = tick;
    this.bodyBytes = 0;
    this.pausedTicks = 0;
    if (this.pausedSince !== null) this.pausedSince = tick;
  }

  pauses(tick: number): void {
    this.pausedSince = tick;
  }

  resumes(tick: number): void {
    if (this.pausedSince !== null) this.pausedTicks += tick - this.pausedSince;
    this.pausedSince = null;
  }

  /** What has taken too long; "close": it is not worth a word. */
  overdue(client: Client, tick: number): Failure | "close" | null {
    if (this.isStalled(client, tick)) return client.reader.phase === "linger" ? "close" : "client-stalled";
    switch (client.reader.phase) {
      case "head":
        if (this.headSince !== null) return tick - this.headSince > TIMEOUTS_SEC.head ? "head-timeout" : null;
        return tick - this.since > TIMEOUTS_SEC.clientIdle && !client.reader.hasStash ? "close" : null;
      case "body":
      case "discard":
        if (client.reader.keeper !== null) return null;
        return this.isSlow(tick) ? "body-too-slow" : null;
      case "linger":
        return tick - this.heardAt > TIMEOUTS_SEC.linger || tick - this.since > TIMEOUTS_SEC.shutdown
          ? "close"
          : null;
      default:
        return null;
    }
  }

  /** Only while it is the client that is waited for. */
  private isSlow(tick: number): boolean {
    const paused = this.pausedTicks + (this.pausedSince === null ? 0 : tick - this.pausedSince);
    const waited = tick - this.since - paused;
    return waited > TIMEOUTS_SEC.bodyGrace && this.bodyBytes < waited * PROXY_LIMITS.bodyBytesPerSecMin;
  }

  private isStalled({ socket }: Client, tick: number): boolean {
    if (!isUnsent(socket)) {
      this.progressAt = tick;
      return false;
    }
    const progress = progressOf(socket);
    if (progress !== this.progress) {
      this.progress = progress;
      this.progressAt = tick;
    }
    return tick - this.progressAt > TIMEOUTS_SEC.writeStall;
  }
}

import { monotonicMs, wallMs } from "../../base/clock.js";
import type { Client } from "../front/client.js";
import type { StashKeeper } from "../front/request-reader.js";
import { isGone } from "../front/is-gone.js";
import { noteEnd } from "../front/note-end.js";
import type { Task } from "../front/task.js";
import { downAnswer, preflightAnswer } from "../modes/down-answer.js";
import type { ServedSite } from "../site.js";
import type { RequestHead } from "../wire/types.js";
import type { Held, Refusal } from "./waiting-room.js";

/** What a held request does once it is let go. */
export type GoOn = (client: Client, request: RequestHead, site: ServedSite) => void;

/** A request that waits until its site is up. Its client is read on, within bounds, so that it shows when it leaves. */
export class HeldRequest implements Task, StashKeeper, Held<HeldRequest> {
  before: HeldRequest | null = null;
  behind: HeldRequest | null = null;
  readonly sinceMs = monotonicMs();
  readonly countedAs: string | null;
  private stashed = 0;

  constructor(
    readonly client: Client,
    private readonly request: RequestHead,
    private readonly site: ServedSite,
    private readonly isPreflight: boolean,
    private readonly goOn: GoOn,
  ) {
    this.countedAs = countedAddress(client, request, site);
  }

  /** Begins to wait. @returns why it may not; null: it does */
  wait(): Refusal | null {
    const refusal = this.site.room.admit(this);
    if (refusal !== null) return refusal;
    this.client.task = this;
    this.client.reader.keepWith(this);
    return null;
  }

  /** More of it, or of what follows it, was read ahead. @returns false: no more may be */
  keeps(bytes: number): boolean {
    const { room } = this.site;
    room.bufferedBytes += bytes - this.stashed;
    this.stashed = bytes;
    return room.hasRoomFor(bytes);
  }

  /** Its turn has come. Call it once it is out of the queue. */
  letGo(): void {
    const { client } = this;
    this.end();
    client.timer.bodyBegins(client.context.clock.tick);
    client.guard(() => this.goOn(client, this.request, this.site));
  }

  /** It gets what it would get while the site is down. Call it once it is out of the queue. */
  turnAway(): void {
    const { client, site, request } = this;
    this.end();
    client.guard(() => {
      if (this.isPreflight) client.reply(preflightAnswer(request.fields));
      else client.reply(downAnswer(site.modes.down, request.fields, Math.floor(wallMs() / 1000)));
    });
  }

  /** The client is gone: the request never runs. */
  abort(): void {
    this.end();
    this.site.room.leaves(this);
    noteEnd(this.client, 499, 0);
  }

  clientDrained(): void {}

  /** A client that may send no more is asked for: its end would not be read. */
  sweep(): void {
    const { client } = this;
    if (client.reader.isPaused && isGone(client.socket)) client.socket.destroy();
  }

  private end(): void {
    const { client } = this;
    this.site.room.bufferedBytes -= this.stashed;
    this.stashed = 0;
    client.task = null;
    client.reader.keeper = null;
  }
}

/** Loopback and trusted proxies stand for many clients, as with connections. */
function countedAddress(client: Client, request: RequestHead, site: ServedSite): string | null {
  const address = client.forwardingFor(site).client(request.sent);
  if (address === null || site.gate.trusted.has(address)) return null;
  const { text } = address;
  return text.startsWith("127.") || text === "::1" ? null : text;
}

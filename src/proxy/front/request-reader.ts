import type { Socket } from "node:net";
import { causeOf, type Cause } from "../answers/failures.js";
import type { Exchange } from "../backend/exchange.js";
import { BodyReader, NO_BODY_READER } from "../body-reader.js";
import { WIRE_LIMITS } from "../limits.js";
import { PROXY_LIMITS } from "../timeouts.js";
import { copyOf } from "../transport.js";
import { parseRequestHead } from "../wire/request-head.js";
import type { RequestHead } from "../wire/types.js";
import type { Client } from "./client.js";

/** What the next bytes of a client are. wait: of a request whose turn has not come. linger: nothing that matters. */
export type Phase = "head" | "body" | "discard" | "wait" | "tunnel" | "linger" | "gone";

/** Who has bytes kept that were read ahead. */
export interface StashKeeper {
  /** @param bytes as many are kept now. @returns false: no more may be read */
  keeps(bytes: number): boolean;
}

const LF = 10;

/** The bytes of one client, one request after the other: where each head and each body begins and ends. */
export class RequestReader {
  phase: Phase = "head";
  /** The body of the request under way. */
  body: BodyReader = NO_BODY_READER;
  /** While the request waits for its site; null: what cannot be used at once stops the reading. */
  keeper: StashKeeper | null = null;
  isPaused = false;
  private stash: Buffer | null = null;
  /** Others write to the stash once this turn is over. */
  private isStashBorrowed = false;

  constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {}

  /** There are bytes that were read and not yet looked at. */
  get hasStash(): boolean {
    return this.stash !== null;
  }

  /** @param owned nobody else writes to the buffer; else what is not used at once, and all that is sent on, is a copy */
  take(bytes: Buffer, length: number, owned: boolean): void {
    if (this.stash === null) return this.process(bytes, length, owned);
    const chunk = bytes.subarray(0, length);
    const whole = Buffer.concat([this.stash, chunk]);
    // A head cannot have ended without a line feed.
    if (this.phase === "head" && !chunk.includes(LF) && whole.length < WIRE_LIMITS.headBytesMax) {
      this.stash = whole;
      return;
    }
    this.stash = null;
    this.process(whole, whole.length, true);
  }

  /** Reads on where it stopped. */
  readOn(): void {
    const { stash, isStashBorrowed } = this;
    this.stash = null;
    this.isStashBorrowed = false;
    this.resume();
    if (stash !== null) this.process(stash, stash.length, !isStashBorrowed);
  }

  /** The backend takes more. */
  bodyWanted(): void {
    if (this.stash !== null && (this.phase === "body" || this.phase === "tunnel")) this.readOn();
    else this.resume();
  }

  /** Reads on, so that the end of the connection shows, for as long as `keeper` takes it. */
  keepWith(keeper: StashKeeper): void {
    this.keeper = keeper;
    if (this.stash !== null && !keeper.keeps(this.stash.length)) this.pause();
  }

  dropStash(): void {
    this.stash = null;
    this.isStashBorrowed = false;
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.client.timer.pauses(this.client.context.clock.tick);
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.client.timer.resumes(this.client.context.clock.tick);
    this.socket.resume();
  }

  private process(bytes: Buffer, length: number, owned: boolean): void {
    let at = 0;
    while (at < length) {
      switch (this.phase) {
        case "head":
          at = this.readHead(bytes, at, length, owned);
          break;
        case "body":
          at = this.readBody(bytes, at, length, owned);
          break;
        case "discard":
          at = this.readDiscarded(bytes, at, length);
          break;
        case "tunnel": {
          const piece = bytes.subarray(at, length);
          if (!(this.client.task as Exchange).sendBody(piece, "", false, owned)) this.pause();
          return;
        }
        case "wait":
          this.keepForLater(bytes, at, length, owned);
          return;
        default:
          return;
      }
    }
  }

  /** @returns where to read on, as the others */
  private readHead(bytes: Buffer, at: number, length: number, owned: boolean): number {
    const { client } = this;
    if (this.socket.writableLength > PROXY_LIMITS.unsentBytesMax) {
      this.keepForLater(bytes, at, length, owned);
      return length;
    }
    const head = parseRequestHead(bytes, at, length);
    if (head === "incomplete") {
      this.stash = kept(bytes, at, length, owned);
      client.timer.headBegins(client.context.clock.tick);
      return length;
    }
    client.timer.headEnds();
    if (head.kind === "refusal") {
      client.refuse(head);
      return length;
    }
    return this.begin(head, bytes, at + head.headBytes, length);
  }

  private begin(head: RequestHead, bytes: Buffer, at: number, length: number): number {
    const { client } = this;
    this.phase = "wait";
    if (head.framing.kind === "none") {
      this.body = NO_BODY_READER;
      client.begin(head);
      return at;
    }
    this.body = new BodyReader(head.framing);
    client.timer.bodyBegins(client.context.clock.tick);
    if ((this.body.remaining ?? 0) > PROXY_LIMITS.bodyBytesMax) {
      client.refuse(causeOf("body-too-large"));
      return length;
    }
    if (this.body.isDone) {
      client.begin(head);
      return at;
    }
    this.phase = "body";
    if (at === length) {
      client.begin(head);
      return length;
    }
    // A backend that is ready gets head and body in one write, and the body is then not copied before.
    this.stash = bytes.subarray(at, length);
    this.isStashBorrowed = true;
    client.begin(head);
    if (this.isStashBorrowed) {
      this.stash = copyOf(bytes, at, length);
      this.isStashBorrowed = false;
    }
    return length;
  }

  private readBody(bytes: Buffer, at: number, length: number, owned: boolean): number {
    const exchange = this.client.task as Exchange;
    if (this.keeper !== null || !exchange.isReady) {
      this.keepForLater(bytes, at, length, owned);
      return length;
    }
    const { body } = this;
    const end = body.take(bytes, at, length);
    if (typeof end === "string") {
      exchange.fail(causeOfBody(end));
      return length;
    }
    if (body.isDone) this.phase = "wait";
    const piece = body.hasCuts ? body.forwarded(bytes, at, end) : bytes.subarray(at, end);
    if (!exchange.sendBody(piece, body.tail, body.isDone, owned)) this.pause();
    return end;
  }

  private readDiscarded(bytes: Buffer, at: number, length: number): number {
    const { body, client } = this;
    const end = body.take(bytes, at, length);
    if (typeof end === "string" || body.bytes > PROXY_LIMITS.discardBytesMax) {
      client.close();
      return length;
    }
    if (body.isDone) {
      this.phase = "wait";
      if (client.task === null) client.next();
    }
    return end;
  }

  private keepForLater(bytes: Buffer, at: number, length: number, owned: boolean): void {
    this.stash = kept(bytes, at, length, owned);
    if (this.keeper === null || !this.keeper.keeps(this.stash.length)) this.pause();
  }
}

/** A part that nobody else writes to, and that holds on to no more memory than it needs. */
function kept(bytes: Buffer, at: number, length: number, owned: boolean): Buffer {
  return owned && at === 0 && length === bytes.length ? bytes : copyOf(bytes, at, length);
}

function causeOfBody(reason: string): Cause {
  return { status: 400, reason, text: "the chunked request body is malformed" };
}

import type { Socket } from "node:net";
import { causeOf, type Cause } from "../answers/failures.js";
import type { Exchange } from "../backend/exchange.js";
import { BodyReader, NO_BODY_READER } from "../body-reader.js";
import { WIRE_LIMITS } from "../limits.js";
import { PROXY_LIMITS } from "../timeouts.js";
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

  constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {}

  /** There are bytes that were read and not yet looked at. */
  get hasStash(): boolean {
    return this.stash !== null;
  }

  take(chunk: Buffer): void {
    if (this.stash === null) return this.process(chunk);
    const whole = Buffer.concat([this.stash, chunk]);
    // A head cannot have ended without a line feed.
    if (this.phase === "head" && !chunk.includes(LF) && whole.length < WIRE_LIMITS.headBytesMax) {
      this.stash = whole;
      return;
    }
    this.stash = null;
    this.process(whole);
  }

  /** Reads on where it stopped. */
  readOn(): void {
    const { stash } = this;
    this.stash = null;
    this.resume();
    if (stash !== null) this.process(stash);
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

  private process(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.phase) {
        case "head":
          at = this.readHead(chunk, at);
          break;
        case "body":
          at = this.readBody(chunk, at);
          break;
        case "discard":
          at = this.readDiscarded(chunk, at);
          break;
        case "tunnel":
          if (!(this.client.task as Exchange).sendBody(chunk.subarray(at), "", false)) this.pause();
          return;
        case "wait":
          this.keepForLater(chunk, at);
          return;
        default:
          return;
      }
    }
  }

  /** @returns where to read on, as the others */
  private readHead(chunk: Buffer, at: number): number {
    const { client } = this;
    if (this.socket.writableLength > PROXY_LIMITS.unsentBytesMax) {
      this.keepForLater(chunk, at);
      return chunk.length;
    }
    const head = parseRequestHead(chunk, at, chunk.length);
    if (head === "incomplete") {
      this.stash = at === 0 ? chunk : Buffer.from(chunk.subarray(at));
      client.timer.headBegins(client.context.clock.tick);
      return chunk.length;
    }
    client.timer.headEnds();
    if (head.kind === "refusal") {
      client.refuse(head);
      return chunk.length;
    }
    return this.begin(head, chunk, at + head.headBytes);
  }

  private begin(head: RequestHead, chunk: Buffer, at: number): number {
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
      return chunk.length;
    }
    if (this.body.isDone) {
      client.begin(head);
      return at;
    }
    this.phase = "body";
    // So that a backend that is ready gets head and body in one write.
    if (at < chunk.length) this.stash = Buffer.from(chunk.subarray(at));
    client.begin(head);
    return chunk.length;
  }

  private readBody(chunk: Buffer, at: number): number {
    const exchange = this.client.task as Exchange;
    if (this.keeper !== null || !exchange.isReady) {
      this.keepForLater(chunk, at);
      return chunk.length;
    }
    const { body } = this;
    const end = body.take(chunk, at, chunk.length);
    if (typeof end === "string") {
      exchange.fail(causeOfBody(end));
      return chunk.length;
    }
    if (body.isDone) this.phase = "wait";
    const bytes = body.hasCuts ? body.forwarded(chunk, at, end) : chunk.subarray(at, end);
    if (!exchange.sendBody(bytes, body.tail, body.isDone)) this.pause();
    return end;
  }

  private readDiscarded(chunk: Buffer, at: number): number {
    const { body, client } = this;
    const end = body.take(chunk, at, chunk.length);
    if (typeof end === "string" || body.bytes > PROXY_LIMITS.discardBytesMax) {
      client.close();
      return chunk.length;
    }
    if (body.isDone) {
      this.phase = "wait";
      if (client.task === null) client.next();
    }
    return end;
  }

  private keepForLater(chunk: Buffer, at: number): void {
    this.stash = at === 0 ? chunk : Buffer.from(chunk.subarray(at));
    if (this.keeper === null || !this.keeper.keeps(this.stash.length)) this.pause();
  }
}

function causeOfBody(reason: string): Cause {
  return { status: 400, reason, text: "the chunked request body is malformed" };
}

import type { Socket } from "node:net";
import type { Answer } from "../answers/answer.js";
import { causeOf, failureAnswer, type Cause, type Failure } from "../answers/failures.js";
import { Exchange } from "../backend/exchange.js";
import { BodyReader, NO_BODY_READER } from "../body-reader.js";
import type { Context } from "../context.js";
import type { ServedSite } from "../site.js";
import { PROXY_LIMITS } from "../timeouts.js";
import { sendText } from "../transport.js";
import { Forwarding } from "../wire/forwarding.js";
import { parseRequestHead } from "../wire/request-head.js";
import type { RequestHead } from "../wire/types.js";
import { ClientTimer } from "./client-timer.js";
import type { Listener } from "./listener.js";
import { serve } from "./serve.js";
import type { Task } from "./task.js";

/** What the next bytes of a client are. wait: of a request whose turn has not come. linger: nothing that matters. */
export type Phase = "head" | "body" | "discard" | "wait" | "tunnel" | "linger" | "gone";

/** One connection of a client: it reads requests one after the other, and has each answered before the next. */
export class Client {
  /** The peer's address, without a zone. */
  readonly peer: string;
  phase: Phase = "head";
  /** The connection may go on behind the answer under way. */
  keeps = true;
  /** The head of the answer under way is sent. */
  isAnswered = false;
  task: Task | null = null;
  request: RequestHead | null = null;
  body: BodyReader = NO_BODY_READER;
  readonly timer: ClientTimer;
  /** By which address it is counted; null: it is not. */
  countedAs: string | null = null;
  private stash: Buffer | null = null;
  private isPaused = false;
  private hasEnded = false;
  private forwarding: { trusted: unknown; lines: Forwarding } | null = null;

  constructor(
    readonly context: Context,
    readonly listener: Listener,
    readonly socket: Socket,
  ) {
    this.peer = (socket.remoteAddress ?? "").replace(/%.*$/, "");
    this.timer = new ClientTimer(context.clock.tick);
    socket.on("data", (chunk: Buffer) => this.onData(chunk));
    socket.on("end", () => this.onEnd());
    socket.on("drain", () => this.onDrain());
    socket.on("error", () => {});
    socket.on("close", () => this.onClose());
    context.clients.add(this);
  }

  get hasStash(): boolean {
    return this.stash !== null;
  }

  forwardingFor(site: ServedSite): Forwarding {
    const { trusted } = site.gate;
    if (this.forwarding?.trusted === trusted) return this.forwarding.lines;
    const { protocol, port } = this.listener;
    const lines = new Forwarding({ address: this.socket.remoteAddress, protocol, port }, trusted);
    this.forwarding = { trusted, lines };
    return lines;
  }

  // ---- bytes of the client ----

  private onData(chunk: Buffer): void {
    this.timer.heard(this.context.clock.tick, chunk.length);
    if (this.stash === null) return this.process(chunk);
    // A head cannot have ended without a line feed.
    const whole = Buffer.concat([this.stash, chunk]);
    if (this.phase === "head" && this.task === null && !chunk.includes(10) && whole.length < 32_768) {
      this.stash = whole;
      return;
    }
    this.stash = null;
    this.process(whole);
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
          if (!(this.task as Exchange).sendBody(chunk.subarray(at), "", false)) this.pause();
          return;
        case "wait":
          this.keepForLater(chunk, at);
          return;
        default:
          return;
      }
    }
  }

  /** @returns where to read on */
  private readHead(chunk: Buffer, at: number): number {
    if (this.socket.writableLength > PROXY_LIMITS.unsentBytesMax) {
      this.keepForLater(chunk, at);
      return chunk.length;
    }
    const head = parseRequestHead(chunk, at, chunk.length);
    if (head === "incomplete") {
      this.stash = at === 0 ? chunk : Buffer.from(chunk.subarray(at));
      this.timer.headBegins(this.context.clock.tick);
      return chunk.length;
    }
    this.timer.headEnds();
    if (head.kind === "refusal") {
      this.refuse(head);
      return chunk.length;
    }
    return this.begin(head, chunk, at + head.headBytes);
  }

  private begin(head: RequestHead, chunk: Buffer, at: number): number {
    this.request = head;
    this.isAnswered = false;
    this.keeps = head.keepAlive && !this.context.isStopping;
    if (head.framing.kind === "none") {
      this.body = NO_BODY_READER;
      this.phase = "wait";
      serve(this, head);
      return at;
    }
    this.body = new BodyReader(head.framing);
    this.timer.bodyBegins(this.context.clock.tick);
    if ((this.body.remaining ?? 0) > PROXY_LIMITS.bodyBytesMax) {
      this.refuse(causeOf("body-too-large"));
      return chunk.length;
    }
    if (this.body.isDone) this.phase = "wait";
    else {
      this.phase = "body";
      // So that a backend that is ready gets head and body in one write.
      if (at < chunk.length) this.stash = Buffer.from(chunk.subarray(at));
      at = chunk.length;
    }
    serve(this, head);
    return at;
  }

  private readBody(chunk: Buffer, at: number): number {
    const exchange = this.task as Exchange;
    if (!exchange.isReady) {
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
    const { body } = this;
    const end = body.take(chunk, at, chunk.length);
    if (typeof end === "string" || body.bytes > PROXY_LIMITS.discardBytesMax) {
      this.close();
      return chunk.length;
    }
    if (body.isDone) {
      this.phase = "wait";
      if (this.task === null) this.next();
    }
    return end;
  }

  private keepForLater(chunk: Buffer, at: number): void {
    this.stash = at === 0 ? chunk : Buffer.from(chunk.subarray(at));
    this.pause();
  }

  /** Reads on where it stopped. */
  private readStash(): void {
    const { stash } = this;
    this.stash = null;
    this.resume();
    if (stash !== null) this.process(stash);
    if (this.hasEnded && this.phase === "head") this.close();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.timer.pauses(this.context.clock.tick);
    this.socket.pause();
  }

  private resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.timer.resumes(this.context.clock.tick);
    this.socket.resume();
  }

  // ---- for tasks ----

  /** The backend takes more of the request body. */
  bodyWanted(): void {
    if (this.stash !== null && (this.phase === "body" || this.phase === "tunnel")) this.readStash();
    else this.resume();
  }

  /** Nobody wants the body of the request. */
  discardBody(): void {
    if (this.body.isDone) return;
    this.phase = "discard";
    if (this.request?.expectContinue) this.keeps = false;
    this.goOn();
  }

  /** Sends a whole answer of the proxy's own. */
  reply(answer: Answer): void {
    const { request, socket, context } = this;
    if (this.phase === "gone") return;
    // Whether the body follows is the client's choice: the two could no longer agree where the next request begins.
    if (request?.expectContinue && !this.body.isDone) this.keeps = false;
    const head = answer.head + context.clock.dateLine + this.connectionLine();
    if (request?.method === "HEAD" || answer.body.length === 0) sendText(socket, head);
    else if (typeof answer.body === "string") sendText(socket, head + answer.body);
    else {
      socket.cork();
      sendText(socket, head);
      socket.write(answer.body);
      socket.uncork();
    }
    this.isAnswered = true;
    this.answered();
  }

  /** `Connection` where it must be said, and the end of the head. */
  connectionLine(): string {
    if (!this.keeps) return "Connection: close\r\n\r\n";
    return this.request?.version === 10 ? "Connection: keep-alive\r\n\r\n" : "\r\n";
  }

  /** All of the answer is on its way. */
  answered(): void {
    this.task = null;
    if (!this.keeps || this.context.isStopping) this.close();
    else if (this.body.isDone) this.next();
    else if ((this.body.remaining ?? 0) > PROXY_LIMITS.discardBytesMax) this.close();
    else {
      this.phase = "discard";
      this.goOn();
    }
  }

  /** Nothing of an answer was sent: tells the client what went wrong, and ends the connection. */
  fail(cause: Cause): void {
    this.task = null;
    if (this.phase === "gone") return;
    this.keeps = false;
    this.reply(failureAnswer(cause));
  }

  /** An answer that was begun cannot be completed: the client must not take it for whole. */
  cutOff(): void {
    this.task = null;
    this.phase = "gone";
    this.stash = null;
    if ("encrypted" in this.socket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  startTunnel(): void {
    this.phase = "tunnel";
    if (this.stash !== null) process.nextTick(() => this.bodyWanted());
  }

  /** The backend has ended its side of an upgraded connection. */
  endTunnel(): void {
    this.socket.end();
  }

  closeTunnel(isClean: boolean): void {
    this.task?.abort();
    this.task = null;
    this.phase = "linger";
    this.timer.lingers(this.context.clock.tick);
    if (isClean) this.socket.end();
    else this.socket.destroy();
  }

  /** Ends the connection once all is sent; what the client still sends is read and dropped, so that it is not reset. */
  close(): void {
    if (this.phase === "gone") return;
    this.phase = "linger";
    this.stash = null;
    this.timer.lingers(this.context.clock.tick);
    this.resume();
    this.socket.end();
    if (this.hasEnded) this.socket.destroySoon();
  }

  /** Ends a connection that waits for nothing. @returns whether it did */
  closeIfIdle(): boolean {
    if (this.phase !== "head" || this.hasStash) return false;
    this.phase = "gone";
    this.socket.destroySoon();
    return true;
  }

  /** Something is to be finished before the connection may be cut. */
  get isBusy(): boolean {
    if (this.phase === "tunnel" || this.phase === "gone") return false;
    return this.phase !== "linger" || !this.socket.writableFinished;
  }

  /** Once a second: ends what takes too long. */
  sweep(tick: number): void {
    const overdue = this.timer.overdue(this, tick);
    if (overdue === null) this.task?.sweep(tick);
    else if (overdue !== "close") this.giveUp(overdue);
    else if (!this.closeIfIdle()) this.socket.destroy();
  }

  // ---- turns ----

  /** The next request may come. */
  private next(): void {
    this.phase = "head";
    this.isAnswered = false;
    this.request = null;
    this.timer.idles(this.context.clock.tick);
    this.goOn();
  }

  private goOn(): void {
    if (this.stash !== null) process.nextTick(() => this.readStash());
    else if (this.hasEnded) this.close();
    else this.resume();
  }

  private refuse(cause: Cause): void {
    const { context, peer, listener } = this;
    context.log.error("request-refused", {
      status: cause.status,
      reason: cause.reason,
      text: cause.text,
      client: peer,
      listener: listener.name,
    });
    this.isAnswered = false;
    this.fail(cause);
  }

  /** Something took too long, or there is too much of it. */
  giveUp(failure: Failure): void {
    const { task } = this;
    if (task instanceof Exchange && !this.isAnswered) task.fail(failure);
    else if (task !== null || this.isAnswered || this.phase !== "head") {
      this.context.log.error("client-given-up", { ...causeOf(failure), client: this.peer });
      task?.abort();
      this.cutOff();
    } else this.refuse(causeOf(failure));
  }

  private onDrain(): void {
    if (this.task !== null) this.task.clientDrained();
    else if (this.phase === "head" && this.stash !== null) this.readStash();
  }

  private onEnd(): void {
    this.hasEnded = true;
    switch (this.phase) {
      case "tunnel":
        (this.task as Exchange | null)?.endTunnel();
        return;
      case "wait":
        this.keeps = false;
        return;
      case "head":
        if (this.stash === null || this.task !== null) return this.close();
        return this.refuseCut();
      case "body":
        return this.refuseCut();
      default:
        this.socket.destroySoon();
    }
  }

  /** A request that ends with the connection was never whole. */
  private refuseCut(): void {
    this.task?.abort();
    this.task = null;
    this.phase = "gone";
    this.socket.destroy();
  }

  private onClose(): void {
    this.phase = "gone";
    this.stash = null;
    this.context.clients.delete(this);
    this.listener.leaves(this);
    this.task?.abort();
    this.task = null;
  }
}

function causeOfBody(reason: string): Cause {
  return { status: 400, reason, text: "the chunked request body is malformed" };
}

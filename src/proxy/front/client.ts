import type { Socket } from "node:net";
import type { Answer } from "../answers/answer.js";
import { causeOf, failureAnswer, type Cause, type Failure } from "../answers/failures.js";
import { Exchange } from "../backend/exchange.js";
import { dropPrepared, type Prepared } from "../cgi/prepared.js";
import type { VariablesMemory } from "../cgi/variables-memory.js";
import type { Context } from "../context.js";
import type { ServedSite } from "../site.js";
import { readShared } from "../buffered-reads.js";
import { PROXY_LIMITS } from "../timeouts.js";
import { cut, SHARED } from "../transport.js";
import { Forwarding } from "../wire/forwarding.js";
import type { RequestHead } from "../wire/types.js";
import { leave, type Admission } from "./admission.js";
import { ClientTimer } from "./client-timer.js";
import { noteEnd } from "./note-end.js";
import type { Listener } from "./listener.js";
import type { Peer } from "./peer.js";
import { RequestNotes } from "./request-notes.js";
import { RequestReader } from "./request-reader.js";
import { sendAnswer } from "./send-answer.js";
import { serve } from "./serve.js";
import type { Task } from "./task.js";

/** One connection of a client: it has each of its requests answered before the next. */
export class Client {
  /** The client's address as the connection tells it, without a zone; "": it has none. */
  readonly peer: string;
  readonly reader: RequestReader;
  readonly timer: ClientTimer;
  /** The connection may go on behind the answer under way. */
  keeps = true;
  /** The head of the answer under way is sent. */
  isAnswered = false;
  task: Task | null = null;
  request: RequestHead | null = null;
  readonly notes = new RequestNotes();
  /** What was found out of the request under way before a backend may have it; most often there is nothing to. */
  prepared: Prepared | null = null;
  /** What its requests to a backend that does not speak HTTP have in common. */
  memory: VariablesMemory | null = null;
  /** It sends no more; what it has sent is still answered. */
  private hasEnded = false;
  private forwarding: { trusted: unknown; lines: Forwarding } | null = null;

  constructor(
    readonly context: Context,
    readonly listener: Listener,
    readonly socket: Socket,
    readonly farEnd: Peer,
    private readonly admission: Admission,
  ) {
    this.peer = farEnd.address;
    this.reader = new RequestReader(this, socket);
    this.timer = new ClientTimer(context.clock.tick);
    if (!readShared(socket, (length) => this.onBytes(SHARED, length, false)))
      socket.on("data", (chunk: Buffer) => this.onBytes(chunk, chunk.length, true));
    socket.on("end", () => this.onEnd());
    socket.on("drain", () => this.onDrain());
    socket.on("error", () => {});
    socket.on("close", () => this.onClose());
    context.clients.add(this);
  }

  /** Something is to be finished before the connection may be cut. */
  get isBusy(): boolean {
    const { phase } = this.reader;
    if (phase === "tunnel" || phase === "gone") return false;
    return phase !== "linger" || !this.socket.writableFinished;
  }

  forwardingFor(site: ServedSite): Forwarding {
    const { trusted } = site.gate;
    if (this.forwarding?.trusted === trusted) return this.forwarding.lines;
    const { protocol, port } = this.listener;
    const lines = new Forwarding({ address: this.peer, protocol, port }, trusted);
    this.forwarding = { trusted, lines };
    return lines;
  }

  /** A request has come, its body perhaps not yet. */
  begin(request: RequestHead): void {
    this.request = request;
    this.notes.begin();
    if (this.prepared !== null) this.prepared = dropPrepared(this.prepared);
    this.isAnswered = false;
    this.keeps = request.keepAlive && !this.context.isStopping;
    serve(this, request);
  }

  /** Nobody wants the body of the request. */
  discardBody(): void {
    if (this.reader.body.isDone) return;
    this.reader.phase = "discard";
    if (this.request?.expectContinue) this.keeps = false;
    this.goOn();
  }

  /** Sends a whole answer of the proxy's own. */
  reply(answer: Answer): void {
    const { request, reader } = this;
    if (reader.phase === "gone") return;
    // Whether the body follows is the client's choice: the two could no longer agree where the next request begins.
    if (request?.expectContinue && !reader.body.isDone) this.keeps = false;
    sendAnswer(this, answer);
    this.isAnswered = true;
    noteEnd(this, answer.status, request?.method === "HEAD" ? 0 : answer.body.length);
    this.answered();
  }

  /** What staff are told, `Connection` where it must be said, and the end of the head. */
  lastLines(): string {
    const { passLine } = this.notes;
    if (!this.keeps) return `${passLine}Connection: close\r\n\r\n`;
    return this.request?.version === 10 ? `${passLine}Connection: keep-alive\r\n\r\n` : `${passLine}\r\n`;
  }

  /** All of the answer is on its way. A client that was not told of an end may send its next request even now. */
  answered(): void {
    const { body } = this.reader;
    this.task = null;
    if (!this.keeps) this.close();
    else if (body.isDone) this.next();
    else if ((body.remaining ?? 0) > PROXY_LIMITS.discardBytesMax) this.close();
    else {
      this.reader.phase = "discard";
      this.goOn();
    }
  }

  /** Nothing of an answer was sent: tells the client what went wrong, and ends the connection. */
  fail(cause: Cause): void {
    this.task = null;
    this.keeps = false;
    this.notes.reason = cause.reason;
    this.reply(failureAnswer(cause));
  }

  /** An answer that was begun cannot be completed: the client must not take it for whole. */
  cutOff(): void {
    this.task = null;
    this.leave();
    cut(this.socket);
  }

  startTunnel(): void {
    this.reader.phase = "tunnel";
    // What has come already goes into it, and so does an end.
    process.nextTick(() => {
      this.reader.bodyWanted();
      if (this.hasEnded) this.onEnd();
    });
  }

  /** The backend has ended its side of an upgraded connection. */
  endTunnel(): void {
    this.socket.end();
  }

  closeTunnel(isClean: boolean): void {
    this.task?.abort();
    this.task = null;
    this.reader.phase = "linger";
    this.timer.lingers(this.context.clock.tick);
    if (isClean) this.socket.end();
    else this.socket.destroy();
  }

  /** The next request may come. */
  next(): void {
    this.reader.phase = "head";
    this.isAnswered = false;
    this.request = null;
    this.timer.idles(this.context.clock.tick);
    this.goOn();
  }

  /** Ends the connection once all is sent; what the client still sends is read and dropped, so that it is not reset. */
  close(): void {
    if (this.reader.phase === "gone") return;
    this.reader.phase = "linger";
    this.reader.dropStash();
    this.timer.lingers(this.context.clock.tick);
    this.reader.resume();
    this.socket.end();
    if (this.hasEnded) this.socket.destroySoon();
  }

  /** Ends a connection that waits for nothing. @returns whether it did */
  closeIfIdle(): boolean {
    if (this.reader.phase !== "head" || this.reader.hasStash) return false;
    this.leave();
    this.socket.destroySoon();
    return true;
  }

  /** A request that cannot be taken. */
  refuse({ status, reason, text }: Cause): void {
    const { context, peer, listener } = this;
    context.log.error("request-refused", { status, reason, text, client: peer, listener: listener.name });
    this.isAnswered = false;
    this.fail({ status, reason, text });
  }

  /** Once a second: ends what takes too long. */
  sweep(tick: number): void {
    const overdue = this.timer.overdue(this, tick);
    if (overdue === null) this.task?.sweep(tick);
    else if (overdue !== "close") this.giveUp(overdue);
    else if (!this.closeIfIdle()) this.socket.destroy();
  }

  private giveUp(failure: Failure): void {
    const { task } = this;
    if (task instanceof Exchange && !this.isAnswered) task.fail(failure);
    else if (task === null && !this.isAnswered && this.reader.phase === "head") this.refuse(causeOf(failure));
    else {
      this.context.log.error("client-given-up", { ...causeOf(failure), client: this.peer });
      task?.abort();
      this.cutOff();
    }
  }

  private goOn(): void {
    if (this.reader.hasStash) process.nextTick(() => this.readOn());
    else if (this.hasEnded) this.close();
    else this.reader.resume();
  }

  private readOn(): void {
    this.guard(() => this.reader.readOn());
    if (this.hasEnded && this.reader.phase === "head") this.close();
  }

  /** A defect met by one client must not end the others. */
  guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      const { message, stack } = error as Error;
      this.context.log.error("internal", { text: message, stack: stack ?? "", client: this.peer });
      this.task?.abort();
      this.cutOff();
    }
  }

  /** @param owned nobody else writes to the buffer */
  private onBytes(bytes: Buffer, length: number, owned: boolean): void {
    this.timer.heard(this.context.clock.tick, length);
    this.guard(() => this.reader.take(bytes, length, owned));
  }

  private onDrain(): void {
    if (this.task !== null) this.task.clientDrained();
    else if (this.reader.phase === "head" && this.reader.hasStash) this.readOn();
  }

  private onEnd(): void {
    this.hasEnded = true;
    switch (this.reader.phase) {
      case "tunnel":
        (this.task as Exchange | null)?.endTunnel();
        return;
      case "wait":
        // Whoever ends its side while its request waits has gone: nobody is there for the answer.
        if (this.reader.keeper !== null) return this.dropCut();
        if (!this.reader.hasStash) this.keeps = false;
        return;
      case "head":
        if (!this.reader.hasStash) return this.close();
        return this.dropCut();
      case "body":
        return this.dropCut();
      default:
        this.socket.destroySoon();
    }
  }

  /** A request that ends with the connection never was whole. */
  private dropCut(): void {
    this.task?.abort();
    this.task = null;
    this.leave();
    this.socket.destroy();
  }

  private onClose(): void {
    this.leave();
    this.context.clients.delete(this);
    leave(this.context, this.admission);
    this.prepared = dropPrepared(this.prepared);
    this.task?.abort();
    this.task = null;
  }

  private leave(): void {
    this.reader.phase = "gone";
    this.reader.dropStash();
  }
}

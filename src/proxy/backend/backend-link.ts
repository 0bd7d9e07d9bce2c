import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { STRING_BYTES_MAX } from "../answers/answer.js";
import type { Context } from "../context.js";
import { endsWell } from "../buffered-reads.js";
import { isLost, readOnWhenLost, writeDirectBytes } from "../direct-writes.js";
import {
  givePrivate,
  isUnsent,
  SHARED,
  sendCopy,
  sendPrefixed,
  sendText,
  takePrivate,
} from "../transport.js";
import type { BackendPool } from "./backend-pool.js";
import type { Exchange } from "./exchange.js";

/** A body with more than this still to come is read into a private buffer. */
const LONG_BYTES = 64 * 1024;

/**
 * One connection to a backend, in the hands of one exchange at a time: the socket and its life. What is said on it is
 * the protocol's.
 */
export abstract class BackendLink {
  readonly socket: Socket;
  isConnected = false;
  /** Requests that were answered on it. */
  served = 0;
  /** Tick since which it has been in the idle pool. */
  idleSince = 0;
  /** Some byte of the answer under way has come. */
  hasAnswerBytes = false;
  /** It may be used again behind the answer under way. */
  protected keeps = true;
  protected exchange: Exchange | null;
  private isPaused = false;
  private isGone = false;
  /** Why an end of the connection is no end of the answer; null: it is one. */
  private doubt: string | null = null;
  private readonly connectTimer: NodeJS.Timeout;
  private privateBuffer: Buffer | null = null;
  /** The client's socket has not yet sent what is in the private buffer. */
  private isUnflushed = false;

  constructor(
    protected readonly context: Context,
    readonly pool: BackendPool,
    exchange: Exchange,
  ) {
    this.exchange = exchange;
    pool.open += 1;
    const onread = {
      buffer: () => this.privateBuffer ?? SHARED,
      callback: (length: number, buffer: Uint8Array) => {
        this.guard(() => this.take(buffer as Buffer, length, buffer !== SHARED));
        return !this.isPaused;
      },
    };
    const options = { ...pool.where, onread, noDelay: true, allowHalfOpen: true };
    this.socket = connect(options as unknown as TcpNetConnectOpts);
    this.socket.on("connect", () => this.guard(() => this.onConnect()));
    this.socket.on("error", (error: NodeJS.ErrnoException) => this.lose(error.code ?? "unknown"));
    this.socket.on("end", () => this.hearEnd());
    readOnWhenLost(this.socket, (code) => this.unwritable(code));
    this.socket.on("close", () => this.lose("closed"));
    this.socket.on("drain", () => this.exchange?.backendDrained());
    this.connectTimer = setTimeout(() => this.lose("timeout"), pool.times.connectMs);
    context.backendConnections.add(this);
  }

  // ---- of the protocol ----

  /**
   * Sends the head of the exchange's request. Called once it is connected, or taken from the pool.
   * @param isBodyNext a piece of the body is at hand: the head may wait for it, until `flushHead`
   */
  abstract sendHead(exchange: Exchange, isBodyNext: boolean): void;

  /** No piece came. */
  flushHead(): void {}

  /**
   * Sends a piece of the request's body, framed as the client framed it.
   * @param tail text that belongs behind it
   * @param owned nobody else writes to the buffer; else what is not sent at once is a copy
   * @returns false: no more before the socket's "drain"
   */
  abstract sendBody(bytes: Buffer, tail: string, isLast: boolean, owned: boolean): boolean;

  /** Bytes of the answer. @param owned nobody else reads into the buffer: it is valid until it is sent */
  protected abstract onBytes(exchange: Exchange, bytes: Buffer, length: number, owned: boolean): void;

  /** The backend has ended its side. */
  protected abstract onEnd(): void;

  /** Forgets the answer that has ended. */
  protected abstract reset(): void;

  // ---- for exchanges ----

  /** Takes it out of the pool for another exchange. */
  attach(exchange: Exchange): void {
    this.exchange = exchange;
    this.hasAnswerBytes = false;
  }

  /** Ends it without telling anyone. */
  destroy(): void {
    this.exchange = null;
    this.lose("destroyed");
  }

  /** Ends it; its exchange hears of it as of any other loss. */
  giveUp(why: string): void {
    this.lose(why);
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused || this.isGone || this.isUnflushed) return;
    this.isPaused = false;
    this.socket.resume();
  }

  // ---- for protocols ----

  protected choosePrivate(remaining: number | null): void {
    if (this.privateBuffer === null && (remaining ?? 0) > LONG_BYTES) this.privateBuffer = takePrivate();
  }

  /**
   * Sends bytes of the body to the client, and reads no more before it has taken them when it must.
   * @param text goes before them: the head, or nothing
   */
  protected forward(
    exchange: Exchange,
    text: string,
    bytes: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    exchange.answerBytes += end - start;
    const { socket } = exchange.client;
    if (exchange.filter !== null) {
      if (text !== "") sendText(socket, text);
      if (!exchange.filter.write(bytes, start, end)) this.pause();
      return;
    }
    if (!owned || end - start <= STRING_BYTES_MAX) {
      if (!sendCopy(socket, text, bytes, start, end)) this.pause();
      return;
    }
    const piece = bytes.subarray(start, end);
    if (bytes !== this.privateBuffer) {
      if (!sendPrefixed(socket, text, piece)) this.pause();
      return;
    }
    if (text !== "") sendText(socket, text);
    // The next read would overwrite it. By then the connection may have another exchange and another buffer.
    const whenFree = (): void => {
      if (this.privateBuffer !== bytes) return;
      this.isUnflushed = false;
      this.resume();
    };
    const isTaken = writeDirectBytes(socket, piece, whenFree);
    if (isTaken === true) return;
    this.isUnflushed = true;
    this.pause();
    if (isTaken === null) socket.write(piece, whenFree);
  }

  /** The answer has come to its end. */
  protected complete(exchange: Exchange): void {
    const { client } = exchange;
    this.exchange = null;
    this.served += 1;
    this.reset();
    this.releasePrivate(exchange.filter !== null || !isUnsent(client.socket));
    const keeps = this.keeps && exchange.isRequestSent && !isLost(this.socket) && !this.context.isStopping;
    if (keeps && this.pool.idle.put(this, this.context.clock.tick)) this.resume();
    else this.lose("done");
    exchange.answerEnded();
    this.pool.freed();
  }

  /** However it came to be: nothing more comes from here. */
  protected lose(why: string): void {
    if (this.isGone) return;
    this.isGone = true;
    clearTimeout(this.connectTimer);
    this.pool.open -= 1;
    const { exchange } = this;
    this.exchange = null;
    this.pool.idle.remove(this);
    this.context.backendConnections.delete(this);
    this.privateBuffer = null;
    this.socket.destroy();
    exchange?.backendLost(this, why);
    this.pool.freed();
  }

  // ---- of the socket ----

  /** Of an answer that has no other end, a reset must not be taken for it. */
  private hearEnd(): void {
    const ends = (): void => (this.doubt === null ? this.onEnd() : this.lose(this.doubt));
    if (this.exchange === null || !this.hasAnswerBytes) ends();
    else endsWell(this.socket, () => this.guard(ends));
  }

  /** A defect met by one request must not end the others. */
  private guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      const { message, stack } = error as Error;
      this.context.log.error("internal", { text: message, stack: stack ?? "", backend: this.pool.label });
      this.exchange?.fail("internal");
      this.destroy();
    }
  }

  /**
   * A program that has answered need not read the rest of the request. Of TCP, a failed write takes the reset away that
   * would have told the end of the connection from one in the middle of the answer (tcp_recvmsg of Linux).
   */
  private unwritable(code: string): void {
    if (!("path" in this.pool.where)) this.doubt = code;
  }

  private onConnect(): void {
    this.isConnected = true;
    clearTimeout(this.connectTimer);
    this.pool.refusedAt = null;
    this.exchange?.backendReady();
  }

  private take(bytes: Buffer, length: number, owned: boolean): void {
    const { exchange } = this;
    if (exchange === null) {
      // An idle connection that speaks is out of step.
      this.destroy();
      return;
    }
    exchange.heardAt = this.context.clock.tick;
    this.hasAnswerBytes = true;
    this.onBytes(exchange, bytes, length, owned);
  }

  private releasePrivate(isFlushed: boolean): void {
    if (this.privateBuffer === null) return;
    this.isUnflushed = false;
    if (isFlushed) givePrivate(this.privateBuffer);
    this.privateBuffer = null;
  }
}

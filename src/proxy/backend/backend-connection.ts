import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { STRING_BYTES_MAX } from "../answers/answer.js";
import { BodyReader } from "../body-reader.js";
import type { Context } from "../context.js";
import { WIRE_LIMITS } from "../limits.js";
import { givePrivate, SHARED, sendCopy, sendOwned, sendText, takePrivate } from "../transport.js";
import { latin1 } from "../wire/bytes.js";
import { parseResponseHead } from "../wire/response-head.js";
import type { ResponseHead } from "../wire/types.js";
import type { BackendPool } from "./backend-pool.js";
import type { Exchange } from "./exchange.js";

/** A body with more than this still to come is read into a private buffer. */
const LONG_BYTES = 64 * 1024;

/**
 * One connection to a backend, in the hands of one exchange at a time. It reads heads, and sends bodies on to the
 * exchange's client as they come.
 */
export class BackendConnection {
  readonly socket: Socket;
  isConnected = false;
  /** Requests that were answered on it. */
  served = 0;
  /** Tick since which it has been in the idle pool. */
  idleSince = 0;
  /** Some byte of the answer under way has come. */
  hasAnswerBytes = false;
  private exchange: Exchange | null;
  private body: BodyReader | null = null;
  private isTunnel = false;
  private keeps = true;
  private interims = 0;
  private partialHead: Buffer | null = null;
  private isPaused = false;
  private isGone = false;
  private privateBuffer: Buffer | null = null;

  constructor(
    private readonly context: Context,
    readonly pool: BackendPool,
    exchange: Exchange,
  ) {
    this.exchange = exchange;
    const { backend } = pool;
    const onread = {
      buffer: () => this.privateBuffer ?? SHARED,
      callback: (length: number, buffer: Uint8Array) => {
        this.guard(() => this.onBytes(buffer as Buffer, length, buffer !== SHARED));
        return !this.isPaused;
      },
    };
    const where =
      backend.kind === "unix" ? { path: backend.path } : { host: backend.host, port: backend.port };
    const options = { ...where, onread, noDelay: true, allowHalfOpen: true };
    this.socket = connect(options as unknown as TcpNetConnectOpts);
    this.socket.on("connect", () => this.guard(() => this.onConnect()));
    this.socket.on("error", (error: NodeJS.ErrnoException) => this.lose(error.code ?? "unknown"));
    this.socket.on("end", () => this.onEnd());
    this.socket.on("close", () => this.lose("closed"));
    this.socket.on("drain", () => this.exchange?.backendDrained());
    context.backendConnections.add(this);
  }

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
    if (!this.isPaused || this.isGone) return;
    this.isPaused = false;
    this.socket.resume();
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

  private onConnect(): void {
    this.isConnected = true;
    this.pool.refusedAt = null;
    this.exchange?.backendReady();
  }

  /** @param owned nobody else reads into the buffer */
  private onBytes(bytes: Buffer, length: number, owned: boolean): void {
    const { exchange } = this;
    if (exchange === null) {
      // An idle connection that speaks is out of step.
      this.destroy();
      return;
    }
    exchange.heardAt = this.context.clock.tick;
    this.hasAnswerBytes = true;
    if (this.isTunnel) this.forward(exchange, bytes, 0, length, owned);
    else if (this.body !== null) this.bodyBytes(exchange, this.body, bytes, 0, length, owned);
    else if (this.partialHead === null) this.headBytes(exchange, bytes, length, owned);
    else {
      const whole = Buffer.concat([this.partialHead, bytes.subarray(0, length)]);
      this.partialHead = null;
      this.headBytes(exchange, whole, whole.length, true);
    }
  }

  private headBytes(exchange: Exchange, bytes: Buffer, length: number, owned: boolean): void {
    for (let at = 0; at < length;) {
      const head = parseResponseHead(bytes, at, length, exchange.request);
      if (head === "incomplete") {
        this.partialHead = Buffer.from(bytes.subarray(at, length));
        return;
      }
      if (head.kind === "refusal") return exchange.fail(head);
      at += head.headBytes;
      if (!head.interim) return this.finalHead(exchange, head, bytes, at, length, owned);
      this.interims += 1;
      if (this.interims > WIRE_LIMITS.interimResponsesMax) return exchange.fail("too-many-interims");
      exchange.interim(head);
    }
  }

  private finalHead(
    exchange: Exchange,
    head: ResponseHead,
    bytes: Buffer,
    at: number,
    length: number,
    owned: boolean,
  ): void {
    const text = exchange.finalHead(head);
    this.keeps = head.keepAlive && !head.upgraded;
    const { socket } = exchange.client;
    if (head.upgraded) {
      this.isTunnel = true;
      sendText(socket, text);
      if (length > at) this.forward(exchange, bytes, at, length, owned);
      return;
    }
    const { framing } = head;
    const size = framing.kind === "none" ? 0 : framing.kind === "length" ? framing.length : Infinity;
    if (size <= STRING_BYTES_MAX && length - at >= size) {
      // The whole answer is in hand: one string, one write. Bytes behind it were not asked for.
      if (length - at > size) this.keeps = false;
      sendText(socket, size === 0 ? text : text + latin1(bytes, at, at + size));
      this.complete(exchange);
      return;
    }
    this.body = new BodyReader(framing, {
      trailers: "drop",
      framing: exchange.stripsChunks ? "strip" : "keep",
    });
    if (length === at) {
      sendText(socket, text);
      this.choosePrivate(this.body);
      return;
    }
    socket.cork();
    sendText(socket, text);
    this.bodyBytes(exchange, this.body, bytes, at, length, owned);
    socket.uncork();
  }

  private bodyBytes(
    exchange: Exchange,
    body: BodyReader,
    bytes: Buffer,
    at: number,
    length: number,
    owned: boolean,
  ): void {
    const end = body.take(bytes, at, length);
    if (typeof end === "string") return exchange.cutOff("backend-cut-off", end);
    if (end < length) this.keeps = false;
    if (body.hasCuts) {
      const kept = Buffer.from(body.forwarded(bytes, at, end));
      if (kept.length > 0) this.forward(exchange, kept, 0, kept.length, false);
      if (body.tail !== "") sendText(exchange.client.socket, body.tail);
    } else this.forward(exchange, bytes, at, end, owned);
    if (body.isDone) this.complete(exchange);
    else this.choosePrivate(body);
  }

  private choosePrivate(body: BodyReader): void {
    if (this.privateBuffer === null && (body.remaining ?? 0) > LONG_BYTES) this.privateBuffer = takePrivate();
  }

  /** Sends bytes to the client, and reads no more before it has taken them when it must. */
  private forward(exchange: Exchange, bytes: Buffer, start: number, end: number, owned: boolean): void {
    const { socket } = exchange.client;
    exchange.answerBytes += end - start;
    const isShort = end - start <= STRING_BYTES_MAX;
    if (!isShort && bytes === this.privateBuffer) {
      // The next read would overwrite it. By then the connection may have another exchange and another buffer.
      socket.write(bytes.subarray(start, end), () => {
        if (this.privateBuffer === bytes) this.resume();
      });
      if (socket.writableLength > 0) this.pause();
      return;
    }
    const isTaken =
      owned && !isShort ? sendOwned(socket, bytes.subarray(start, end)) : sendCopy(socket, bytes, start, end);
    if (!isTaken) this.pause();
  }

  /** The answer has come to its end. */
  private complete(exchange: Exchange): void {
    const { client } = exchange;
    this.exchange = null;
    this.body = null;
    this.interims = 0;
    this.served += 1;
    this.releasePrivate(client.socket.writableLength === 0);
    const keeps = this.keeps && exchange.isRequestSent && !this.context.isStopping;
    if (keeps && this.pool.idle.put(this, this.context.clock.tick)) this.resume();
    else this.lose("done");
    exchange.completed();
  }

  private releasePrivate(isFlushed: boolean): void {
    if (this.privateBuffer === null) return;
    if (isFlushed) givePrivate(this.privateBuffer);
    this.privateBuffer = null;
  }

  private onEnd(): void {
    const { exchange } = this;
    if (exchange === null) return this.lose("closed");
    if (this.isTunnel) return exchange.client.endTunnel();
    if (this.body !== null && this.body.remaining === null && exchange.endsWithConnection) {
      this.keeps = false;
      return this.complete(exchange);
    }
    this.lose("closed");
  }

  /** However it came to be: nothing more comes from here. */
  private lose(why: string): void {
    if (this.isGone) return;
    this.isGone = true;
    const { exchange } = this;
    this.exchange = null;
    this.pool.idle.remove(this);
    this.context.backendConnections.delete(this);
    this.privateBuffer = null;
    this.socket.destroy();
    exchange?.backendLost(this, why);
  }
}

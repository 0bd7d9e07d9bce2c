import type { ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { Duplex, Readable } from "node:stream";
import { Gathering } from "../../gathering.js";
import type { Http2Request } from "../../wire/http2-request.js";
import { StreamAnswer } from "./stream-answer.js";

const { NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR } = constants;

/** What a stream holds in each direction before its sender has to wait. */
const HELD_BYTES_MAX = 64 * 1024;
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/**
 * One stream as a connection of HTTP/1.1 that carries one request: the text of it to read, and the answer to write. So a
 * request of HTTP/2 is parsed, held, answered and limited by the same code as any other. Has of `net.Socket` what a
 * Client uses.
 */
export class StreamSocket extends Duplex {
  private readonly answer: StreamAnswer;
  /** The proxy has broken it off. */
  isCut = false;
  /** The client has sent all of its request. */
  private hasRequest: boolean;
  /** Of the body so far. */
  private bodyBytes = 0;
  /** The piece that makes up the told length: a whole request only when the client has ended it there, too. */
  private last: Buffer | null = null;
  /** Of the body, what nobody has asked for yet. */
  private readonly waiting = new Gathering();
  private isWanted = false;
  /** The stream was told that there is enough for now. */
  private isStopped = false;
  private isScheduled = false;
  private hasLastChunk = false;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly request: Http2Request,
    readonly localAddress: string | undefined,
  ) {
    super({
      // What waits is gathered, not queued.
      readableHighWaterMark: 1,
      writableHighWaterMark: HELD_BYTES_MAX,
      allowHalfOpen: true,
      emitClose: true,
    });
    this.answer = new StreamAnswer(stream, request.method);
    this.hasRequest = request.framing === "none";
    this.push(Buffer.from(request.text, "latin1"));
    stream.on("error", () => {});
    stream.on("close", () => this.destroy());
    // A stream that is paused has its "close" only when somebody has read all of it.
    stream.on("aborted", () => this.destroy());
    if (request.framing !== "none") {
      // Node hands each DATA frame to it, also when the stream is paused, and would queue them one by one.
      stream.push = (chunk: Buffer | null) =>
        chunk === null ? Readable.prototype.push.call(stream, null) : this.takeBody(chunk);
      stream.on("end", () => this.endBody());
    }
    stream.resume();
  }

  /** As a Client wants it. */
  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  /** All of the answer is with the stream. */
  get hasAnswered(): boolean {
    return this.answer.isComplete;
  }

  /** With what waits, as a socket counts it. */
  get bytesWritten(): number {
    return this.answer.takenBytes + this.writableLength;
  }

  /** Ends it when all is sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  override _read(): void {
    this.isWanted = true;
    this.handOn();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      this.answer.take(chunk, done);
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: (error?: Error | null) => void): void {
    this.answer.end((error) => {
      done(error);
      // The rest of a request that is answered in full is of no use: RFC 9113 section 8.1.
      if (!this.stream.closed && !this.hasRequest) this.stream.close(NGHTTP2_NO_ERROR);
      this.destroy();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.last = null;
    // close() would first end the stream, and a cut answer would look whole; destroy() resets it, with INTERNAL_ERROR.
    this.isCut = !this.answer.isComplete && !this.stream.closed;
    if (!this.answer.isComplete) this.stream.destroy(new Error("the answer was cut off"));
    this.stream.resume();
    done(error);
  }

  /** @returns false: no more for now */
  private takeBody(chunk: Buffer): boolean {
    if (this.destroyed) return true;
    this.bodyBytes += chunk.length;
    const { length } = this.request;
    if (length !== null && this.bodyBytes > length) {
      this.refuseBody();
      return true;
    }
    if (this.bodyBytes === length) this.last = chunk;
    else this.waiting.add(chunk);
    this.schedule();
    this.isStopped = this.waiting.length >= HELD_BYTES_MAX;
    return !this.isStopped;
  }

  /** A stream that was reset also ends: that is no whole request. */
  private endBody(): void {
    const { stream, request } = this;
    if (this.destroyed) return;
    if (stream.aborted || stream.closed || stream.destroyed) {
      this.destroy();
      return;
    }
    this.hasRequest = true;
    if (request.length !== null && this.bodyBytes !== request.length) return this.refuseBody();
    if (this.last !== null) this.waiting.add(this.last);
    this.last = null;
    this.handOn();
  }

  /** Frames that come together are handed on together. */
  private schedule(): void {
    if (this.isScheduled || !this.isWanted) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.handOn();
    });
  }

  /** Gives the reader, if it waits, what there is. */
  private handOn(): void {
    const isChunked = this.request.framing === "chunked";
    const isEnd = isChunked && this.hasRequest && !this.hasLastChunk;
    if (!this.isWanted || this.destroyed || (this.waiting.length === 0 && !isEnd)) return;
    this.isWanted = false;
    const bytes = this.waiting.take();
    if (isChunked) {
      this.hasLastChunk = isEnd;
      this.push(Buffer.concat([...chunkOf(bytes), ...(isEnd ? [LAST_CHUNK] : [])]));
    } else this.push(bytes);
    if (this.isStopped && !this.stream.destroyed) {
      this.isStopped = false;
      this.stream._read(0);
    }
  }

  /** DATA does not agree with content-length: RFC 9113 section 8.1.1. */
  private refuseBody(): void {
    this.stream.close(NGHTTP2_PROTOCOL_ERROR);
    this.destroy();
  }
}

function chunkOf(bytes: Buffer): Buffer[] {
  if (bytes.length === 0) return [];
  return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")];
}

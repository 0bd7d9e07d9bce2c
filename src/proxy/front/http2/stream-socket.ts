import type { ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Http2Request } from "../../wire/http2-request.js";
import { StreamAnswer } from "./stream-answer.js";

const { NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR } = constants;

/** What a stream holds in each direction before its sender has to wait. */
const HELD_BYTES_MAX = 64 * 1024;

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

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly request: Http2Request,
    readonly localAddress: string | undefined,
  ) {
    super({
      readableHighWaterMark: HELD_BYTES_MAX,
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
    if (request.framing === "none") {
      stream.resume();
      return;
    }
    stream.on("data", (chunk: Buffer) => this.takeBody(chunk));
    stream.on("end", () => this.endBody());
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
    if (this.request.framing !== "none") this.stream.resume();
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

  private takeBody(chunk: Buffer): void {
    if (this.destroyed || chunk.length === 0) return;
    this.bodyBytes += chunk.length;
    if (this.request.framing === "chunked") {
      this.push(`${chunk.length.toString(16)}\r\n`, "latin1");
      this.push(chunk);
      if (!this.push("\r\n", "latin1")) this.stream.pause();
      return;
    }
    const { length } = this.request;
    if (length !== null && this.bodyBytes > length) return this.refuseBody();
    if (this.bodyBytes === length) this.last = chunk;
    else if (!this.push(chunk)) this.stream.pause();
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
    if (request.framing === "chunked") this.push("0\r\n\r\n", "latin1");
    else if (this.bodyBytes !== request.length) this.refuseBody();
    else if (this.last !== null) {
      this.push(this.last);
      this.last = null;
    }
  }

  /** DATA does not agree with content-length: RFC 9113 section 8.1.1. */
  private refuseBody(): void {
    this.stream.close(NGHTTP2_PROTOCOL_ERROR);
    this.destroy();
  }
}

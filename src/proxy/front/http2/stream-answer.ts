import type { ServerHttp2Stream } from "node:http2";
import { BodyReader } from "../../body-reader.js";
import { http2Headers } from "../../wire/http2-response.js";
import { parseResponseHead } from "../../wire/response-head.js";
import type { ResponseHead } from "../../wire/types.js";

type Done = (error?: Error | null) => void;

/** What is handed to a stream at once: so often it is seen whether the client still takes some. */
const PIECE_BYTES = 32 * 1024;

/** The text of an HTTP/1.1 answer on its way to a stream: head to HEADERS, body without its framing to DATA. */
export class StreamAnswer {
  /** All of it is with the stream. */
  isComplete = false;
  /** Bytes that the stream has sent. */
  takenBytes = 0;
  private partialHead: Buffer | null = null;
  private body: BodyReader | null = null;
  private isChunked = false;

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly method: string,
  ) {}

  /** @param done when the bytes are of no more use, with an error when they are no answer */
  take(bytes: Buffer, done: Done): void {
    if (this.stream.destroyed || this.stream.closed) return done(new Error("the stream is closed"));
    if (this.body !== null) return this.takeBody(this.body, bytes, 0, done);
    const whole = this.partialHead === null ? bytes : Buffer.concat([this.partialHead, bytes]);
    this.partialHead = null;
    this.takeHeads(whole, done);
  }

  /** No more comes. */
  end(done: Done): void {
    if (this.isComplete) return done();
    // Only what ends with its connection is whole now.
    if (this.body !== null && this.body.remaining === null && !this.isChunked) return this.finish(null, done);
    done(new Error("the answer ended before its body did"));
  }

  private takeHeads(bytes: Buffer, done: Done): void {
    for (let at = 0; at < bytes.length;) {
      const head = parseResponseHead(bytes, at, bytes.length, { method: this.method, upgrade: null });
      if (head === "incomplete") {
        this.partialHead = Buffer.from(bytes.subarray(at));
        return done();
      }
      if (head.kind === "refusal") return done(new Error(head.text));
      at += head.headBytes;
      if (head.interim) this.stream.additionalHeaders(http2Headers(head));
      else return this.takeFinal(head, bytes, at, done);
    }
    done();
  }

  private takeFinal(head: ResponseHead, bytes: Buffer, at: number, done: Done): void {
    const body = new BodyReader(head.framing, { trailers: "drop", framing: "strip" });
    this.body = body;
    this.isChunked = head.framing.kind === "chunked";
    // Date is the backend's, or in the proxy's own answers.
    const options = { endStream: body.isDone, sendDate: false };
    this.stream.respond(http2Headers(head), options);
    this.takenBytes += head.headBytes;
    if (body.isDone) {
      this.isComplete = true;
      return done();
    }
    if (at < bytes.length) this.takeBody(body, bytes, at, done);
    else done();
  }

  private takeBody(body: BodyReader, bytes: Buffer, at: number, done: Done): void {
    // Nothing comes behind the end of the one answer that there is.
    if (body.isDone) return done();
    const end = body.take(bytes, at, bytes.length);
    if (typeof end === "string") return done(new Error(end));
    const kept = body.hasCuts ? Buffer.from(body.forwarded(bytes, at, end)) : bytes.subarray(at, end);
    if (body.isDone) this.finish(kept, done);
    else if (kept.length === 0) done();
    else this.send(kept, done);
  }

  /** In pieces; the callback of the last one is that of all. */
  private send(bytes: Buffer, done: Done): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      const isLast = at + PIECE_BYTES >= bytes.length;
      this.stream.write(piece, (error) => {
        this.takenBytes += piece.length;
        if (isLast) done(error);
      });
    }
  }

  private finish(bytes: Buffer | null, done: Done): void {
    this.isComplete = true;
    if (bytes !== null && bytes.length > 0) this.send(bytes, () => {});
    this.stream.end(() => done());
  }
}

import { STRING_BYTES_MAX } from "../answers/answer.js";
import { ChunkedBody } from "../answers/chunked-body.js";
import { BackendLink } from "../backend/backend-link.js";
import type { Exchange } from "../backend/exchange.js";
import { sendCopy, sendPrefixed, sendText } from "../transport.js";
import { latin1 } from "../wire/bytes.js";
import type { ResponseFraming, ResponseHead } from "../wire/types.js";
import type { CgiCall } from "./call.js";
import { parseCgiHead, type CgiHead } from "./cgi-head.js";
import { faultCause, type CgiFault } from "./faults.js";
import { sendSpool } from "./send-spool.js";

/**
 * A connection to a backend whose answer is a CGI head and a body, in whatever records they come: what is common to
 * FastCGI, SCGI and uwsgi.
 */
export abstract class CgiConnection extends BackendLink {
  /** The head has come, and with it what becomes of the body. */
  protected isHeadSent = false;
  private partialHead: Buffer | null = null;
  /** Body bytes still to come by Content-Length; null: none was declared. */
  private remaining: number | null = null;
  /** There is no body, whatever comes. */
  private isBodiless = false;
  /** A gathered body is still on its way to the backend. */
  private isSpooling = false;
  /** Of the request: it goes out with the first piece of the body. */
  private unsentHead = "";

  /** Nothing that belongs to the answer is still to come. */
  protected get isAnswerWhole(): boolean {
    return this.isHeadSent && (this.isBodiless || this.remaining === 0);
  }

  sendHead(exchange: Exchange, isBodyNext: boolean): void {
    const call = exchange.call as CgiCall;
    const { spool } = call;
    const { socket } = this;
    if (spool === null) {
      if (isBodyNext) this.unsentHead = call.head;
      else sendText(socket, call.head);
      return;
    }
    socket.cork();
    sendText(socket, call.head);
    this.isSpooling = true;
    void sendSpool(this, spool).then(() => (this.isSpooling = false));
    socket.uncork();
  }

  override flushHead(): void {
    const head = this.takeHead();
    if (head !== "") sendText(this.socket, head);
  }

  /** More of the request is on its way. */
  noteSent(): void {
    if (this.exchange !== null) this.exchange.heardAt = this.context.clock.tick;
  }

  /** The body of the request as it is. */
  sendBody(bytes: Buffer, _tail: string, _isLast: boolean, owned = true): boolean {
    const head = this.takeHead();
    if (!owned) return sendCopy(this.socket, head, bytes, 0, bytes.length);
    return (bytes.length === 0 && head === "") || sendPrefixed(this.socket, head, bytes);
  }

  /** What goes before the first piece of the body: a program that closes without reading the rest has it all by then. */
  private takeHead(): string {
    const { unsentHead } = this;
    this.unsentHead = "";
    return unsentHead;
  }

  /**
   * Output of the application: a piece of its head and body.
   * @param pieces offset pairs into the bytes
   * @param isLast it is all there is
   * @returns whether the exchange goes on
   */
  protected output(exchange: Exchange, bytes: Buffer, pieces: readonly number[], isLast: boolean): boolean {
    if (this.isHeadSent) {
      this.bodyPieces(exchange, "", bytes, pieces);
      return true;
    }
    if (pieces.length === 0 && !isLast) return true;
    let whole = bytes;
    let offsets = pieces;
    if (this.partialHead !== null || pieces.length !== 2) {
      whole = joined(this.partialHead, bytes, pieces);
      offsets = [0, whole.length];
    }
    const start = offsets[0] as number;
    const end = offsets[1] as number;
    const head = parseCgiHead(whole, start, end);
    if (head === "incomplete") {
      if (isLast) return this.fault(exchange, end === start ? "answer-missing" : "head-unfinished");
      this.partialHead = Buffer.from(whole.subarray(start, end));
      return true;
    }
    if (typeof head === "string") return this.fault(exchange, head);
    this.partialHead = null;
    return this.beginAnswer(exchange, head, whole, start + head.headBytes, end, isLast);
  }

  /** All of the answer has come: it ends well, or is seen as cut off. */
  protected finish(exchange: Exchange): void {
    if (this.remaining !== null && this.remaining > 0) {
      this.fault(exchange, "body-short");
      return;
    }
    this.complete(exchange);
  }

  protected override complete(exchange: Exchange): void {
    // What is still being written would be taken for the next request.
    if (this.isSpooling) this.keeps = false;
    super.complete(exchange);
  }

  /** @returns false: the exchange is over */
  protected fault(exchange: Exchange, fault: CgiFault): false {
    if (exchange.client.isAnswered) exchange.cutOff("backend-cut-off", fault);
    else exchange.fail(faultCause(fault));
    return false;
  }

  protected override reset(): void {
    this.isHeadSent = false;
    this.partialHead = null;
    this.remaining = null;
    this.isBodiless = false;
  }

  private beginAnswer(
    exchange: Exchange,
    head: CgiHead,
    bytes: Buffer,
    at: number,
    end: number,
    isLast: boolean,
  ): boolean {
    const { method } = exchange.request;
    this.isBodiless = method === "HEAD" || head.status === 204 || head.status === 304;
    const framing = this.framingOf(head, end - at, isLast);
    if (framing.kind === "length" && isLast && end - at < framing.length)
      return this.fault(exchange, "body-short");
    const text = exchange.finalHead(this.responseHead(head, framing));
    this.isHeadSent = true;
    this.remaining = framing.kind === "length" ? framing.length : null;
    const { socket } = exchange.client;
    if (framing.kind === "chunked" && exchange.filter === null && exchange.request.version === 11)
      exchange.filter = new ChunkedBody(socket, () => exchange.answerWanted());
    const size = framing.kind === "length" ? framing.length : 0;
    const isWhole = framing.kind === "none" || (framing.kind === "length" && end - at >= size);
    if (isWhole && exchange.filter === null && size <= STRING_BYTES_MAX) {
      // One string, one write; what lies behind the declared length is nobody's.
      exchange.answerBytes += size;
      if (end - at > size) this.keeps = false;
      sendText(socket, size === 0 ? text : text + latin1(bytes, at, at + size));
      this.remaining = framing.kind === "length" ? 0 : null;
      return true;
    }
    this.bodyPieces(exchange, text, bytes, [at, end]);
    return true;
  }

  /** RFC 9112 section 6.3, for what has no framing but its end: the length when all has come, else chunks. */
  private framingOf(head: CgiHead, available: number, isLast: boolean): ResponseFraming {
    if (this.isBodiless) return { kind: "none" };
    if (head.declaredLength !== null) return { kind: "length", length: head.declaredLength };
    return isLast ? { kind: "length", length: available } : { kind: "chunked" };
  }

  private responseHead(head: CgiHead, framing: ResponseFraming): ResponseHead {
    return {
      kind: "response",
      status: head.status,
      reason: head.reason,
      version: 11,
      interim: false,
      upgraded: false,
      framing,
      declaredLength: head.declaredLength,
      keepAlive: true,
      sendfile: head.sendfile,
      accelRedirect: head.accelRedirect,
      // RFC 9110 section 6.6.1: applications behind CGI leave it to the server
      fields: head.hasDate ? head.fields : head.fields + this.context.clock.dateLine,
      headBytes: head.headBytes,
    };
  }

  /** @param text goes before them: the head, or nothing */
  private bodyPieces(exchange: Exchange, text: string, bytes: Buffer, pieces: readonly number[]): void {
    if (this.isBodiless || pieces.length === 0) {
      if (text !== "") sendText(exchange.client.socket, text);
    } else if (pieces.length === 2)
      this.bodyPiece(exchange, text, bytes, pieces[0] as number, pieces[1] as number, false);
    else {
      const whole = joined(null, bytes, pieces);
      this.bodyPiece(exchange, text, whole, 0, whole.length, true);
    }
  }

  /** @param owned nobody writes to the bytes any more */
  private bodyPiece(
    exchange: Exchange,
    text: string,
    bytes: Buffer,
    start: number,
    end: number,
    owned: boolean,
  ): void {
    let stop = end;
    if (this.remaining !== null) {
      stop = Math.min(end, start + this.remaining);
      if (stop < end) this.keeps = false;
      this.remaining -= stop - start;
    }
    if (stop > start || text !== "") this.forward(exchange, text, bytes, start, stop, owned);
  }
}

/** What came before and the pieces of now, as one. */
function joined(before: Buffer | null, bytes: Buffer, pieces: readonly number[]): Buffer {
  const parts = before === null ? [] : [before];
  for (let index = 0; index < pieces.length; index += 2)
    parts.push(bytes.subarray(pieces[index], pieces[index + 1]));
  return Buffer.concat(parts);
}

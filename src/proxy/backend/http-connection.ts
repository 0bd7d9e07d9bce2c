import { STRING_BYTES_MAX } from "../answers/answer.js";
import { BodyReader } from "../body-reader.js";
import { WIRE_LIMITS } from "../limits.js";
import { sendCopy, sendPrefixed, sendText } from "../transport.js";
import { latin1 } from "../wire/bytes.js";
import { requestHeadText } from "../wire/head-text.js";
import { parseResponseHead } from "../wire/response-head.js";
import type { ResponseHead } from "../wire/types.js";
import { BackendLink } from "./backend-link.js";
import type { Exchange } from "./exchange.js";

/** HTTP/1.1 with a backend: it reads heads, and sends bodies on to the exchange's client as they come. */
export class HttpConnection extends BackendLink {
  private body: BodyReader | null = null;
  private isTunnel = false;
  private interims = 0;
  private partialHead: Buffer | null = null;
  /** Of the request: it goes out with the first piece of the body. */
  private unsentHead = "";

  sendHead(exchange: Exchange, isBodyNext: boolean): void {
    const text = requestHeadText(exchange.request, exchange.forwardingLines(), this.pool.spot.host);
    if (isBodyNext) this.unsentHead = text;
    else sendText(this.socket, text);
  }

  override flushHead(): void {
    if (this.unsentHead !== "") sendText(this.socket, this.unsentHead);
    this.unsentHead = "";
  }

  sendBody(bytes: Buffer, tail: string, _isLast: boolean, owned: boolean): boolean {
    const { socket, unsentHead } = this;
    this.unsentHead = "";
    const isTaken = owned
      ? sendPrefixed(socket, unsentHead, bytes)
      : sendCopy(socket, unsentHead, bytes, 0, bytes.length);
    return tail === "" ? isTaken : sendText(socket, tail);
  }

  protected onBytes(exchange: Exchange, bytes: Buffer, length: number, owned: boolean): void {
    if (this.isTunnel) this.forward(exchange, "", bytes, 0, length, owned);
    else if (this.body !== null) this.bodyBytes(exchange, this.body, "", bytes, 0, length, owned);
    else if (this.partialHead === null) this.headBytes(exchange, bytes, length, owned);
    else {
      const whole = Buffer.concat([this.partialHead, bytes.subarray(0, length)]);
      this.partialHead = null;
      this.headBytes(exchange, whole, whole.length, true);
    }
  }

  protected onEnd(): void {
    const { exchange, body } = this;
    if (exchange === null) return this.lose("closed");
    if (this.isTunnel) return exchange.client.endTunnel();
    if (body !== null && body.remaining === null && exchange.endsWithConnection) {
      this.keeps = false;
      return this.complete(exchange);
    }
    this.lose("closed");
  }

  protected reset(): void {
    this.body = null;
    this.interims = 0;
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
      this.forward(exchange, text, bytes, at, length, owned);
      return;
    }
    const { framing } = head;
    const size = framing.kind === "none" ? 0 : framing.kind === "length" ? framing.length : Infinity;
    if (size <= STRING_BYTES_MAX && length - at >= size && (size === 0 || exchange.filter === null)) {
      // The whole answer is in hand: one string, one write. Bytes behind it were not asked for.
      if (length - at > size) this.keeps = false;
      sendText(socket, size === 0 ? text : text + latin1(bytes, at, at + size));
      exchange.answerBytes = size;
      this.complete(exchange);
      return;
    }
    this.body = new BodyReader(framing, {
      trailers: "drop",
      framing: exchange.stripsChunks ? "strip" : "keep",
    });
    if (length === at) {
      sendText(socket, text);
      this.choosePrivate(this.body.remaining);
      return;
    }
    this.bodyBytes(exchange, this.body, text, bytes, at, length, owned);
  }

  /** @param text the head, when it goes out with them; nothing was sent when they are refused */
  private bodyBytes(
    exchange: Exchange,
    body: BodyReader,
    text: string,
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
      this.forward(exchange, text, kept, 0, kept.length, false);
      if (body.tail !== "") sendText(exchange.client.socket, body.tail);
    } else this.forward(exchange, text, bytes, at, end, owned);
    if (body.isDone) this.complete(exchange);
    else this.choosePrivate(body.remaining);
  }
}

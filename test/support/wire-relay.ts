import { WIRE_LIMITS } from "../../src/proxy/limits.js";
import { ChunkScanner, withoutCuts } from "../../src/proxy/wire/chunk-scanner.js";
import { requestHeadText, responseHeadText } from "../../src/proxy/wire/head-text.js";
import { REQUEST_REFUSAL, RESPONSE_REFUSAL, type RefusalReason } from "../../src/proxy/wire/refusals.js";
import { parseRequestHead } from "../../src/proxy/wire/request-head.js";
import { type Asked, parseResponseHead } from "../../src/proxy/wire/response-head.js";
import type { Refusal, RequestHead, ResponseFraming, ResponseHead } from "../../src/proxy/wire/types.js";

/** One message as it would be forwarded. */
export interface Relayed<Head> {
  readonly head: Head;
  readonly headText: string;
  /** forwarded bytes of the body, framing included */
  body: string;
  complete: boolean;
}

/** How the bytes came to their end: between messages, within one, or at a refusal. */
export type End = "clean" | "partial" | Refusal;

export interface RelayedAll<Head> {
  readonly messages: Relayed<Head>[];
  readonly end: End;
}

/** The wire layer alone as a proxy would use it, fed piece by piece, with no socket. */
abstract class Relay<Head extends { framing: ResponseFraming; headBytes: number }> {
  readonly messages: Relayed<Head>[] = [];
  private held = Buffer.alloc(0);
  private scanner: ChunkScanner | null = null;
  private remaining = 0;
  private refusal: Refusal | null = null;

  protected abstract parse(bytes: Uint8Array): Head | "incomplete" | Refusal;
  protected abstract textOf(head: Head): string;
  protected abstract refusalOf(reason: RefusalReason): Refusal;

  feed(piece: Uint8Array): void {
    this.held = Buffer.concat([this.held, piece]);
    while (
      this.refusal === null &&
      this.held.length > 0 &&
      (this.open?.complete === false ? this.body() : this.head())
    );
  }

  end(): End {
    if (this.refusal !== null) return this.refusal;
    return this.held.length > 0 || this.open?.complete === false ? "partial" : "clean";
  }

  private get open(): Relayed<Head> | undefined {
    return this.messages.at(-1);
  }

  /** @returns whether to go on */
  private head(): boolean {
    const head = this.parse(this.held);
    if (head === "incomplete") return false;
    if ("kind" in head && head.kind === "refusal") {
      this.refusal = head;
      return false;
    }
    const taken = head as Head;
    const { framing } = taken;
    this.held = this.held.subarray(taken.headBytes);
    this.remaining = framing.kind === "length" ? framing.length : 0;
    this.scanner = framing.kind === "chunked" ? new ChunkScanner() : null;
    const complete = this.scanner === null && this.remaining === 0 && framing.kind !== "until-close";
    this.messages.push({ head: taken, headText: this.textOf(taken), body: "", complete });
    return true;
  }

  private body(): boolean {
    const open = this.open as Relayed<Head>;
    if (this.scanner === null) {
      const untilClose = open.head.framing.kind === "until-close";
      const length = untilClose ? this.held.length : Math.min(this.remaining, this.held.length);
      open.body += this.take(length);
      this.remaining -= length;
      open.complete = !untilClose && this.remaining === 0;
      return true;
    }
    const stop = this.scanner.scan(this.held, 0, this.held.length);
    if (typeof stop === "string") {
      this.refusal = this.refusalOf(stop);
      return false;
    }
    open.body += Buffer.from(withoutCuts(this.held, 0, stop, this.scanner.cuts)).toString("latin1");
    this.take(stop);
    open.complete = this.scanner.done;
    if (open.complete) open.body += this.scanner.tail;
    return true;
  }

  private take(length: number): string {
    const text = this.held.toString("latin1", 0, length);
    this.held = this.held.subarray(length);
    return text;
  }
}

class RequestRelay extends Relay<RequestHead> {
  protected parse(bytes: Uint8Array): ReturnType<typeof parseRequestHead> {
    return parseRequestHead(bytes, 0, bytes.length);
  }

  protected textOf(head: RequestHead): string {
    return requestHeadText(head, "X-Forwarded-For: 192.0.2.1\r\n", "fence.test");
  }

  protected refusalOf(reason: RefusalReason): Refusal {
    return REQUEST_REFUSAL[reason];
  }
}

class ResponseRelay extends Relay<ResponseHead> {
  constructor(private readonly asked: Asked) {
    super();
  }

  protected parse(bytes: Uint8Array): ReturnType<typeof parseResponseHead> {
    if (this.messages.some(({ head }) => !head.interim)) return "incomplete";
    if (this.messages.length > WIRE_LIMITS.interimResponsesMax) return this.refusalOf("head-too-large");
    return parseResponseHead(bytes, 0, bytes.length, this.asked);
  }

  protected textOf(head: ResponseHead): string {
    return responseHeadText(head, { version: 11, keepAlive: true });
  }

  protected refusalOf(reason: RefusalReason): Refusal {
    return RESPONSE_REFUSAL[reason];
  }
}

export function relayRequests(pieces: readonly Uint8Array[]): RelayedAll<RequestHead> {
  const relay = new RequestRelay();
  for (const piece of pieces) relay.feed(piece);
  return { messages: relay.messages, end: relay.end() };
}

/** The interim responses and the final one; what comes behind it is left over ("partial"). */
export function relayResponses(pieces: readonly Uint8Array[], asked: Asked): RelayedAll<ResponseHead> {
  const relay = new ResponseRelay(asked);
  for (const piece of pieces) relay.feed(piece);
  return { messages: relay.messages, end: relay.end() };
}

/** Where to cut a message in two: everywhere, or in a long one at its ends and at some two hundred places between. */
export function cutsOf(length: number): number[] {
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  const step = Math.ceil(length / 200);
  return length <= 4096 ? all : all.filter((at) => at < 200 || at > length - 200 || at % step === 0);
}

/** Parses the text with other bytes before and behind it, which are no part of it. */
export function parseAmidst(text: string): ReturnType<typeof parseRequestHead> {
  const bytes = Buffer.from(`:\r\n\r\n${text}\r\n\r\nGET / HTTP/1.1\r\n\r\n`, "latin1");
  return parseRequestHead(bytes, 5, 5 + text.length);
}

export function isHead(parsed: ReturnType<typeof parseRequestHead>): parsed is RequestHead {
  return parsed !== "incomplete" && parsed.kind === "request";
}

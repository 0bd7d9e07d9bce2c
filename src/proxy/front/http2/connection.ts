import { constants, performServerHandshake } from "node:http2";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Context } from "../../context.js";
import { HTTP2_LIMITS, TIMEOUTS_SEC } from "../../timeouts.js";
import { http2Request } from "../../wire/http2-request.js";
import { admit } from "../admission.js";
import { Client } from "../client.js";
import { isGone } from "../is-gone.js";
import type { Listener } from "../listener.js";
import type { Peer } from "../peer.js";
import { Allowance } from "./allowance.js";
import { StreamSocket } from "./stream-socket.js";

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_REFUSED_STREAM } =
  constants;

const OPTIONS = {
  maxHeaderListPairs: HTTP2_LIMITS.fieldCountMax,
  maxOutstandingPings: 10,
  maxSettings: 32,
  maxSessionMemory: HTTP2_LIMITS.sessionMegabytesMax,
  settings: {
    enablePush: false,
    enableConnectProtocol: false,
    maxConcurrentStreams: HTTP2_LIMITS.streamsMax,
    maxHeaderListSize: HTTP2_LIMITS.headBytesMax,
    initialWindowSize: HTTP2_LIMITS.streamWindowBytes,
  },
};

/** One connection of HTTP/2. Each of its streams becomes a client of one request. */
export class Http2Connection {
  private readonly session: ServerHttp2Session;
  private readonly calm: Allowance;
  private streams = 0;
  private idleSince: number;
  /** Tick since which it takes no new streams; null: it does. */
  private closingSince: number | null = null;

  /** @param gone called once, when the connection is */
  constructor(
    private readonly context: Context,
    private readonly listener: Listener,
    private readonly socket: Socket,
    private readonly peer: Peer,
    gone: () => void,
  ) {
    const { tick } = context.clock;
    this.idleSince = tick;
    this.calm = new Allowance(HTTP2_LIMITS.oddFramesMax, HTTP2_LIMITS.oddFramesPerSec, tick);
    socket.on("error", () => {});
    context.http2.add(this);
    this.session = performServerHandshake(socket, OPTIONS);
    this.session.setLocalWindowSize(HTTP2_LIMITS.connectionWindowBytes);
    this.session.on("error", () => {});
    const onStream = (stream: ServerHttp2Stream, _: unknown, flags: number, raw: readonly string[]): void =>
      this.onStream(stream, flags, raw);
    this.session.on("stream", onStream);
    this.session.on("ping", () => this.countOdd("ping"));
    this.session.on("remoteSettings", () => this.countOdd("settings"));
    // Who ends its side sends no more window: it has gone.
    socket.once("end", () => this.destroy());
    socket.once("close", () => {
      this.session.destroy();
      context.http2.delete(this);
      gone();
    });
  }

  /** Of a listener that is no more, or of a proxy that ends: what has begun is finished, and nothing else begins. */
  retire(): void {
    if (this.closingSince !== null) return;
    this.closingSince = this.context.clock.tick;
    if (!this.session.destroyed) this.session.close();
  }

  isOf(listener: Listener): boolean {
    return this.listener === listener;
  }

  /** Without a word. */
  destroy(): void {
    this.session.destroy();
    this.socket.destroy();
  }

  /** Once a second. */
  sweep(tick: number): void {
    if (this.streams > 0) {
      // A session that waits for a write does not read, and may never hear that its connection was reset meanwhile.
      if (isGone(this.socket)) this.destroy();
      return;
    }
    const idle = tick - this.idleSince;
    if (this.closingSince === null && idle > TIMEOUTS_SEC.clientIdle) this.retire();
    // A client that does not end its side.
    else if (
      this.closingSince !== null &&
      tick - Math.max(this.closingSince, this.idleSince) > TIMEOUTS_SEC.linger
    )
      this.destroy();
  }

  private onStream(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    this.streams += 1;
    stream.on("error", () => {});
    stream.once("close", () => this.streamEnds());
    try {
      this.begin(stream, flags, raw);
    } catch (error) {
      const { message, stack } = error as Error;
      this.context.log.error("internal", { text: message, stack: stack ?? "", client: this.peer.address });
      stream.destroy(error as Error);
    }
  }

  private begin(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    const { context, listener, peer } = this;
    const request = http2Request(raw, (flags & NGHTTP2_FLAG_END_STREAM) === 0);
    if (request.kind === "refusal") {
      const { text } = request;
      context.log.error("request-refused", {
        reason: "http2-malformed",
        text,
        client: peer.address,
        listener: listener.name,
      });
      stream.close(NGHTTP2_PROTOCOL_ERROR);
      this.countOdd("malformed request");
      return;
    }
    const isOver = this.streams > HTTP2_LIMITS.streamsMax || context.isStopping;
    const admission = isOver ? null : admit(context, peer.address, listener.trusted);
    if (admission === null || typeof admission === "string") {
      // It may ask again: nothing of the request was looked at.
      stream.close(NGHTTP2_REFUSED_STREAM);
      this.countOdd("stream too many");
      return;
    }
    const socket = new StreamSocket(stream, request, this.socket.localAddress);
    new Client(context, listener, socket.asSocket, peer, admission);
    // A client that asks and takes back costs the proxy and the backend, but not itself (CVE-2023-44487), and so does
    // one that makes the proxy take it back (CVE-2025-8671).
    stream.once("close", () => {
      if (!socket.hasAnswered && !socket.isCut) this.countOdd("reset");
    });
  }

  private streamEnds(): void {
    this.streams -= 1;
    if (this.streams === 0) this.idleSince = this.context.clock.tick;
  }

  private countOdd(what: string): void {
    if (this.calm.take(this.context.clock.tick) || this.session.destroyed) return;
    const { context, listener, peer } = this;
    context.log.error("http2-flood", { reason: what, client: peer.address, listener: listener.name });
    this.session.destroy(new Error(`too many: ${what}`), NGHTTP2_ENHANCE_YOUR_CALM);
    this.socket.destroySoon();
  }
}

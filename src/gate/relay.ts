import { connect, type Socket } from "node:net";
import { monotonicMs } from "../base/clock.js";
import type { Held } from "../proxy/hold/waiting-room.js";
import type { Address } from "../spec/types.js";
import type { GateBackends } from "./backends.js";
import type { GatedSite } from "./gated-site.js";

/** How an answer begins that turns the connection into a tunnel (RFC 9110, 15.2.2). */
const SWITCHING = /^HTTP\/1\.1 101[ \r]/;
const SWITCHING_BYTES = 13;
/** So long after its first byte an answer is a stream. */
const STREAM_MS = 1000;

/** So long a web server may be silent once it was turned away. */
const REFUSED_MS = 10_000;

/**
 * One connection of a web server, which carries one request. It waits while its site is held, and then its bytes go to
 * a backend and back as they are: nobody here reads them, so every protocol works.
 */
export class Relay implements Held<Relay> {
  before: Relay | null = null;
  behind: Relay | null = null;
  readonly sinceMs = monotonicMs();
  /** The web server stands for all clients. */
  readonly countedAs = null;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private state: "new" | "held" | "relayed" | "over" = "new";
  private backend: Socket | null = null;
  /** It has become a tunnel, which is no request at a backend any more. */
  private isTunnel = false;
  /** Its answer has been coming for a while. */
  private isStream = false;
  private streamTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly site: GatedSite,
    private readonly socket: Socket,
    private readonly backends: GateBackends,
    /** What turns it away; null: that its connection ends. */
    private readonly refusal: Buffer | null = null,
  ) {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.onData(chunk));
    socket.on("end", () => this.onEnd());
    socket.on("close", () => this.onClose());
    site.arrive(this);
  }

  held(): void {
    this.state = "held";
  }

  letGo(): void {
    this.state = "relayed";
    this.site.inflight += 1;
    this.site.room.bufferedBytes -= this.bytes;
    if (!this.socket.isPaused()) return this.tryBackend(this.backends.turns());
    // Behind bytes that nobody has read the end of one that has left does not show: two turns read what there is.
    this.socket.resume();
    setImmediate(() => setImmediate(() => this.tryBackend(this.backends.turns())));
  }

  /** The web server answers in its place, in the protocol of the client. */
  turnAway(): void {
    if (this.state === "held") this.site.room.bufferedBytes -= this.bytes;
    this.state = "over";
    this.chunks.length = 0;
    if (this.refusal === null) {
      this.socket.destroy();
      return;
    }
    this.socket.end(this.refusal);
    // A request that is still being sent is read to its end: bytes that nobody has read would make a reset of the answer.
    this.socket.resume();
    this.socket.setTimeout(REFUSED_MS, () => this.socket.destroy());
  }

  private onData(chunk: Buffer): void {
    if (this.state === "over") return;
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    if (this.state !== "held") return;
    const { room } = this.site;
    room.bufferedBytes += chunk.length;
    if (!room.hasRoomFor(this.bytes)) this.socket.pause();
  }

  /** The web server ends its side of a request that no backend has yet when its client has gone. */
  private onEnd(): void {
    if (this.state === "held" || this.state === "relayed") this.socket.destroy();
  }

  private onClose(): void {
    const { state, site } = this;
    if (state === "over") return;
    this.state = "over";
    if (state === "held") {
      site.room.bufferedBytes -= this.bytes;
      site.room.leaves(this);
    } else if (state === "relayed") {
      this.backend?.destroy();
      if (this.isTunnel) site.tunnels -= 1;
      else site.ends(this.isStream);
      if (this.streamTimer !== null) clearTimeout(this.streamTimer);
    }
  }

  private tryBackend(turns: Iterator<Address, void>): void {
    if (this.state !== "relayed") return;
    const { value: one } = turns.next();
    if (one === undefined) return this.noBackend();
    const where = one.kind === "unix" ? { path: one.path } : { host: one.host, port: one.port };
    const backend = connect({ ...where, allowHalfOpen: true, noDelay: true });
    this.backend = backend;
    const refused = (): void => this.tryBackend(turns);
    backend.once("error", refused);
    backend.once("connect", () => {
      backend.off("error", refused);
      this.join(backend);
    });
  }

  /** Nothing was sent: no one has begun the request. */
  private noBackend(): void {
    this.site.ends();
    this.turnAway();
  }

  private join(backend: Socket): void {
    const { socket } = this;
    if (this.state !== "relayed") {
      backend.destroy();
      return;
    }
    socket.removeAllListeners("data");
    socket.removeAllListeners("end");
    // A cut answer must not look whole.
    backend.on("error", () => socket.resetAndDestroy());
    backend.on("close", () => socket.destroySoon());
    socket.pause();
    for (const chunk of this.chunks) backend.write(chunk);
    this.chunks.length = 0;
    backend.once("data", (first: Buffer) => this.onAnswer(first));
    socket.pipe(backend);
    backend.pipe(socket);
  }

  /** An open WebSocket is not waited for, and keeps nobody else from the backends. */
  private onAnswer(first: Buffer): void {
    if (this.state !== "relayed") return;
    if (SWITCHING.test(first.toString("latin1", 0, SWITCHING_BYTES))) {
      this.isTunnel = true;
      this.site.opens();
    } else {
      this.streamTimer = setTimeout(() => {
        this.isStream = true;
        this.site.streamBegins();
      }, STREAM_MS).unref();
    }
  }
}

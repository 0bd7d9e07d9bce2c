import { connect, type Socket } from "node:net";
import { monotonicMs } from "../base/clock.js";
import type { Held } from "../proxy/hold/waiting-room.js";
import type { Backend } from "../spec/types.js";
import type { GatedSite } from "./gated-site.js";

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

  constructor(
    private readonly site: GatedSite,
    private readonly socket: Socket,
    private readonly backends: readonly Backend[],
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
    this.tryBackend(0);
  }

  /** Ends without a word: the web server answers in its place, in the protocol of the client. */
  turnAway(): void {
    if (this.state === "held") this.site.room.bufferedBytes -= this.bytes;
    this.state = "over";
    this.chunks.length = 0;
    this.socket.destroy();
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

  /** The web server ends its side of a request that waits when its client has gone. */
  private onEnd(): void {
    if (this.state === "held") this.socket.destroy();
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
      site.ends();
    }
  }

  private tryBackend(attempt: number): void {
    const { backends } = this;
    if (this.state !== "relayed") return;
    if (attempt === backends.length) return this.noBackend();
    const one = backends[(this.site.turn + attempt) % backends.length] as Backend;
    const where = one.kind === "unix" ? { path: one.path } : { host: one.host, port: one.port };
    const backend = connect({ ...where, allowHalfOpen: true, noDelay: true });
    this.backend = backend;
    const refused = (): void => this.tryBackend(attempt + 1);
    backend.once("error", refused);
    backend.once("connect", () => {
      backend.off("error", refused);
      this.site.turn = (this.site.turn + attempt + 1) % backends.length;
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
    socket.pipe(backend);
    backend.pipe(socket);
  }
}

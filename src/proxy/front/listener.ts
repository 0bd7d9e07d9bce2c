import { createServer, type Server, type Socket } from "node:net";
import type { Listen } from "../../spec/types.js";
import { causeOf, failureAnswer, type Failure } from "../answers/failures.js";
import type { Context } from "../context.js";
import type { ServedSite } from "../site.js";
import { PROXY_LIMITS } from "../timeouts.js";
import { addressOf, type AddressSet } from "../wire/addresses.js";
import type { ProxyHeader } from "../wire/proxy-header.js";
import { admit, countedAddress, isLoopback, leave } from "./admission.js";
import { Client } from "./client.js";
import type { HostTable } from "./host-table.js";
import { Http2Connection } from "./http2/connection.js";
import type { Peer } from "./peer.js";
import { readProxyHeader } from "./proxy-header-reader.js";
import { TlsDoor, type Certificates } from "./tls-door.js";

/** What a listener serves; replaced as a whole when the spec is read anew. */
export interface Served {
  sites: HostTable<ServedSite>;
  /** Peers that stand for many clients. */
  trusted: AddressSet;
  /** null: plain text. */
  tls: Certificates | null;
}

/** `address:port`, IPv6 in brackets, or `unix:/path`. */
export function listenName(listen: Listen): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
  const { address, port } = listen;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * One address that clients connect to. A connection passes through what the listen asks for, the PROXY header first,
 * then TLS, and becomes a client.
 */
export class Listener {
  readonly name: string;
  /** null: a unix socket. */
  readonly port: number | null;
  readonly protocol: "http" | "https";
  private readonly server: Server;
  private readonly door: TlsDoor | null;
  /** Connections whose PROXY header has not come. */
  private readonly unnamed = new Set<Socket>();

  constructor(
    private readonly context: Context,
    readonly listen: Listen,
    private served: Served,
  ) {
    this.name = listenName(listen);
    this.port = listen.kind === "tcp" ? listen.port : null;
    this.protocol = listen.tls ? "https" : "http";
    this.door = listen.tls
      ? new TlsDoor(
          listen.http2,
          () => this.served.tls,
          (socket, peer) => this.begin(socket, peer, socket.alpnProtocol === "h2"),
        )
      : null;
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
    // Also when no descriptor is left to accept with: libuv then takes the connection with one that it keeps for that,
    // and closes it.
    this.server.on("error", (error: Error) =>
      context.log.error("listener", { listener: this.name, text: error.message }),
    );
  }

  get sites(): HostTable<ServedSite> {
    return this.served.sites;
  }

  get trusted(): AddressSet {
    return this.served.trusted;
  }

  serve(served: Served): void {
    this.served = served;
    if (served.tls !== null) this.door?.renew(served.tls);
  }

  /**
   * Begins to take connections.
   * @param fd of a socket that is bound to the address already, listening or not; it belongs to the listener from here on
   * @throws the error of listen(2)
   */
  async open(fd: number): Promise<void> {
    const { server } = this;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ fd }, PROXY_LIMITS.listenBacklog, () => {
        server.off("error", reject);
        resolve();
      });
    });
  }

  /** Takes no more connections; those that are there go on. */
  close(): void {
    this.server.close();
  }

  /** At the end of the proxy: nothing waits for them. */
  dropHandshakes(): void {
    this.door?.dropHandshakes();
    for (const socket of this.unnamed) socket.destroy();
  }

  private accept(socket: Socket): void {
    const { listen } = this;
    const address = (socket.remoteAddress ?? "").replace(/%.*$/, "");
    const peer = { address, port: socket.remotePort ?? null };
    // One that is gone already has no address.
    if (address === "" && listen.kind === "tcp") socket.destroy();
    else if (listen.proxyProtocol) this.awaitName(socket, peer);
    else this.enter(socket, peer);
  }

  private awaitName(socket: Socket, peer: Peer): void {
    if (this.unnamed.size >= PROXY_LIMITS.handshakesMax) {
      socket.destroy();
      return;
    }
    this.unnamed.add(socket);
    const onError = (): void => {};
    socket.on("error", onError);
    readProxyHeader(socket, (header) => {
      this.unnamed.delete(socket);
      const why = typeof header === "string" ? header : this.whyUnbelieved(header, socket, peer);
      if (why !== null || typeof header === "string") {
        const fields = { text: why ?? "", peer: peer.address, listener: this.name };
        this.context.log.error("proxy-header-refused", fields);
        socket.destroy();
        return;
      }
      this.enter(socket, header.client ?? peer);
      // It was paused for the header.
      if (this.door === null) socket.resume();
    });
  }

  /**
   * Why a header is not taken from this peer. With trusted proxies none but them may speak for clients; this machine may
   * still speak for itself, as the probes do. A unix socket's peer has passed the permissions of its file.
   */
  private whyUnbelieved({ client }: ProxyHeader, socket: Socket, peer: Peer): string | null {
    const { trusted } = this.served;
    if (trusted.isEmpty || this.listen.kind === "unix") return null;
    const address = addressOf(peer.address);
    if (address !== null && trusted.has(address)) return null;
    const isOwn = isLoopback(peer.address) || socket.remoteAddress === socket.localAddress;
    return client === null && isOwn ? null : "the peer is none of trusted_proxies";
  }

  private enter(socket: Socket, peer: Peer): void {
    if (this.door === null) return this.begin(socket, peer, false);
    socket.on("error", () => {});
    this.door.enter(socket, peer, countedAddress(peer.address, this.served.trusted));
  }

  private begin(socket: Socket, peer: Peer, isHttp2: boolean): void {
    const { context } = this;
    const admission = admit(context, peer.address, this.served.trusted);
    if (typeof admission === "string") return this.turnAway(socket, peer, admission, isHttp2);
    context.totals.begins(socket);
    const gone = (): void => leave(context, admission);
    if (isHttp2) new Http2Connection(context, this, socket, peer, gone);
    else new Client(context, this, socket, peer, admission);
  }

  private turnAway(socket: Socket, peer: Peer, failure: Failure, isHttp2: boolean): void {
    const cause = causeOf(failure);
    this.context.totals.turnedAway += 1;
    this.context.log.error("turned-away", { reason: failure, client: peer.address });
    socket.on("error", () => {});
    if (isHttp2) {
      socket.destroy();
      return;
    }
    const { head, body } = failureAnswer(cause);
    socket.end(`${head}${this.context.clock.dateLine}Connection: close\r\n\r\n${String(body)}`, "latin1");
    socket.resume();
    setTimeout(() => socket.destroy(), 1000).unref();
  }
}

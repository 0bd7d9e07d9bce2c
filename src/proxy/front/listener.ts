import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type SecureContext, type Server as TlsServer } from "node:tls";
import type { Listen } from "../../spec/types.js";
import { causeOf, failureAnswer, type Failure } from "../answers/failures.js";
import type { Context } from "../context.js";
import type { ServedSite } from "../site.js";
import { PROXY_LIMITS, TIMEOUTS_SEC } from "../timeouts.js";
import { addressOf, type AddressSet } from "../wire/addresses.js";
import { Client } from "./client.js";
import type { HostTable } from "./host-table.js";

/** What a listener serves; replaced as a whole when the spec is read anew. */
export interface Served {
  sites: HostTable<ServedSite>;
  /** Peers that stand for many clients. */
  trusted: AddressSet;
  /** null: plain text. By host, and for clients that name none or an unknown one. */
  tls: { byHost: HostTable<SecureContext>; fallback: SecureContext } | null;
}

/** `address:port`, IPv6 in brackets, or `unix:/path`. */
export function listenName(listen: Listen): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
  const { address, port } = listen;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One address that clients connect to. */
export class Listener {
  readonly name: string;
  /** null: a unix socket. */
  readonly port: number | null;
  readonly protocol: "http" | "https";
  private readonly server: Server | TlsServer;
  /** Connections that are not yet clients: their TLS handshake is under way. */
  private readonly handshakes = new Map<string, Socket>();

  constructor(
    private readonly context: Context,
    readonly listen: Listen,
    private served: Served,
  ) {
    this.name = listenName(listen);
    this.port = listen.kind === "tcp" ? listen.port : null;
    this.protocol = listen.tls ? "https" : "http";
    this.server = listen.tls ? this.tlsServer() : this.plainServer();
    this.server.on("error", (error: Error) =>
      context.log.error("listener", { listener: this.name, text: error.message }),
    );
  }

  get sites(): HostTable<ServedSite> {
    return this.served.sites;
  }

  serve(served: Served): void {
    this.served = served;
  }

  /**
   * Begins to take connections.
   * @param inherited the number of a descriptor that is bound to the address already, listening or not, and that this
   *   process was given by another (a supervisor, systemd); it belongs to the listener from here on. null: bind
   * @throws the error of listen(2) or bind(2)
   */
  open(inherited: number | null = null): Promise<void> {
    const { server } = this;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      const opened = (): void => {
        server.off("error", reject);
        resolve();
      };
      if (inherited === null) server.listen(this.where(), opened);
      else server.listen({ fd: inherited }, PROXY_LIMITS.listenBacklog, opened);
    });
  }

  /** As nginx does it: `[::]` is IPv6 alone, so that `0.0.0.0` can stand beside it. */
  private where(): ListenOptions {
    const { listen } = this;
    if (listen.kind === "unix") return { path: listen.path, backlog: PROXY_LIMITS.listenBacklog };
    const { address, port } = listen;
    return { host: address, port, backlog: PROXY_LIMITS.listenBacklog, ipv6Only: address.includes(":") };
  }

  /** Takes no more connections; those that are there go on. */
  close(): void {
    this.server.close();
  }

  /** At the end of the proxy: nothing waits for them. */
  dropHandshakes(): void {
    for (const socket of this.handshakes.values()) socket.destroy();
  }

  /** A client of it is gone. */
  leaves(client: Client): void {
    const { countedAs } = client;
    if (countedAs === null) return;
    const count = (this.context.perClient.get(countedAs) ?? 1) - 1;
    if (count > 0) this.context.perClient.set(countedAs, count);
    else this.context.perClient.delete(countedAs);
  }

  private plainServer(): Server {
    const options = { allowHalfOpen: true, noDelay: true };
    return createServer(options, (socket) => this.accept(socket));
  }

  private tlsServer(): TlsServer {
    const server = createTlsServer({
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      handshakeTimeout: TIMEOUTS_SEC.head * 1000,
      SNICallback: (host, done) => {
        const { tls } = this.served;
        done(null, tls?.byHost.find(host.toLowerCase()) ?? tls?.fallback);
      },
      ...(this.served.tls === null ? {} : { secureContext: this.served.tls.fallback }),
    });
    server.on("connection", (socket: Socket) => {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      if (this.handshakes.size >= PROXY_LIMITS.handshakesMax) {
        socket.destroy();
        return;
      }
      const name = farEnd(socket);
      this.handshakes.set(name, socket);
      socket.once("close", () => this.handshakes.delete(name));
    });
    server.on("secureConnection", (socket) => {
      this.handshakes.delete(farEnd(socket));
      this.accept(socket);
    });
    server.on("tlsClientError", () => {});
    return server;
  }

  private accept(socket: Socket): void {
    const { context } = this;
    const peer = socket.remoteAddress;
    if (peer === undefined) {
      socket.destroy();
      return;
    }
    if (context.clients.size >= PROXY_LIMITS.connectionsMax)
      return this.turnAway(socket, "too-many-connections");
    const countedAs = this.countedAs(peer);
    if (countedAs !== null) {
      const count = context.perClient.get(countedAs) ?? 0;
      if (count >= PROXY_LIMITS.connectionsPerClientMax) return this.turnAway(socket, "too-many-of-client");
      context.perClient.set(countedAs, count + 1);
    }
    const client = new Client(context, this, socket);
    client.countedAs = countedAs;
  }

  private countedAs(peer: string): string | null {
    if (peer.startsWith("127.") || peer === "::1") return null;
    const address = addressOf(peer.replace(/%.*$/, ""));
    return address === null || this.served.trusted.has(address) ? null : address.text;
  }

  private turnAway(socket: Socket, failure: Failure): void {
    const cause = causeOf(failure);
    this.context.log.error("turned-away", { reason: failure, client: socket.remoteAddress ?? null });
    socket.on("error", () => {});
    const { head, body } = failureAnswer(cause);
    socket.end(`${head}${this.context.clock.dateLine}Connection: close\r\n\r\n${String(body)}`, "latin1");
    socket.resume();
    setTimeout(() => socket.destroy(), 1000).unref();
  }
}

/** The same for a connection and for the TLS on it. */
function farEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ""} ${remotePort ?? ""}`;
}

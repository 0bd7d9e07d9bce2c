import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type SecureContext, type Server, type TLSSocket } from "node:tls";
import { PROXY_LIMITS, TIMEOUTS_SEC } from "../timeouts.js";
import { admitAs, leave, type Admission } from "./admission.js";
import type { HostTable } from "./host-table.js";
import type { Peer } from "./peer.js";

/** Certificates by host, and for clients that name none or an unknown one. */
export interface Certificates {
  byHost: HostTable<SecureContext>;
  fallback: SecureContext;
  /** The same as what Node wants of a server whose client names no host. */
  fallbackPem: { cert: Buffer; key: Buffer };
}

/** A client that asks for one handshake after the other costs the proxy far more than itself; Node only tells of it. */
const RULES = { minVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/** Where connections get their TLS. */
export class TlsDoor {
  private readonly server: Server;
  /** Connections whose handshake is under way, and who is at their far end. */
  private readonly handshakes = new Map<string, { socket: Socket; peer: Peer; admission: Admission }>();
  /** Of those, by address: no client takes all the places. */
  readonly perClient = new Map<string, number>();

  /**
   * @param certificates those in force
   * @param through takes a connection whose handshake is done
   */
  constructor(
    isHttp2: boolean,
    certificates: () => Certificates | null,
    through: (socket: TLSSocket, peer: Peer) => void,
  ) {
    const first = certificates();
    this.server = createServer({
      ALPNProtocols: [...(isHttp2 ? ["h2"] : []), "http/1.1", "http/1.0"],
      ...RULES,
      handshakeTimeout: TIMEOUTS_SEC.head * 1000,
      SNICallback: (host, done) => {
        const tls = certificates();
        done(null, tls?.byHost.find(host.toLowerCase()) ?? tls?.fallback);
      },
      ...first?.fallbackPem,
    });
    this.server.on("secureConnection", (socket) => {
      const name = farEnd(socket);
      const found = this.handshakes.get(name);
      this.ended(name);
      if (found === undefined) socket.destroy();
      else through(socket, found.peer);
    });
    // Node only tells of a handshake that takes too long, and of an end within one.
    this.server.on("tlsClientError", (_, socket) => socket.destroy());
  }

  /** Certificates have changed. */
  renew(certificates: Certificates): void {
    this.server.setSecureContext({ ...certificates.fallbackPem, ...RULES });
  }

  /** @param countedAs the client's address; null: it stands for many clients */
  enter(socket: Socket, peer: Peer, countedAs: string | null): void {
    const isFull = this.handshakes.size >= PROXY_LIMITS.handshakesMax;
    const admission = isFull ? null : admitAs(this.perClient, countedAs);
    if (admission === null) {
      socket.destroy();
      return;
    }
    const name = farEnd(socket);
    this.handshakes.set(name, { socket, peer, admission });
    socket.once("close", () => this.ended(name));
    this.server.emit("connection", socket);
  }

  private ended(name: string): void {
    const found = this.handshakes.get(name);
    if (found !== undefined) leave(this, found.admission);
    this.handshakes.delete(name);
  }

  /** At the end of the proxy: nothing waits for them. */
  dropHandshakes(): void {
    for (const { socket } of this.handshakes.values()) socket.destroy();
  }
}

/** The same for a connection and for the TLS on it. */
function farEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ""} ${remotePort ?? ""}`;
}

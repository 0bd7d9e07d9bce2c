import { type Address, type AddressSet, addressOf, forwardedAddressOf } from "./addresses.js";
import { fieldLine } from "./head-text.js";
import { parseHost } from "./host.js";
import type { ForwardedFields, RequestHead } from "./types.js";

/** The near end of a client connection. */
export interface Peer {
  /** "": a unix socket, whose peer has none */
  readonly address: string;
  readonly protocol: "http" | "https";
  /** the port it came to; null for a Unix socket */
  readonly port: number | null;
}

/**
 * What backends are told of one connection's client, for one set of trusted proxies. Nothing a peer says of the way is
 * believed or passed on, unless the peer is a trusted proxy.
 */
export class Forwarding {
  private readonly address: Address | null;
  /** The peer is a trusted proxy. */
  readonly isTrusted: boolean;
  /** the lines of an untrusted peer, up to the host */
  private readonly untrusted: string;

  constructor(
    private readonly peer: Peer,
    private readonly trusted: AddressSet,
  ) {
    const { address, protocol, port } = peer;
    this.address = address === "" ? null : addressOf(address.replace(/%.*$/, ""));
    this.isTrusted = this.address !== null && trusted.has(this.address);
    this.untrusted =
      fieldLine("X-Forwarded-For", this.peerText) +
      fieldLine("X-Forwarded-Proto", protocol) +
      (port === null ? "" : fieldLine("X-Forwarded-Port", String(port)));
  }

  /**
   * The client's address: the peer; behind trusted proxies the last one of X-Forwarded-For that is not one of them (the
   * first of all when all are).
   * @returns null when it cannot be told: an element before it is no address
   */
  client(sent: ForwardedFields): Address | null {
    if (!this.isTrusted || sent.xForwardedFor === "") return this.address;
    const elements = sent.xForwardedFor.split(",");
    let client = this.address;
    for (let index = elements.length - 1; index >= 0; index -= 1) {
      client = forwardedAddressOf((elements[index] as string).replace(/^[ \t]+|[ \t]+$/g, ""));
      if (client === null || !this.trusted.has(client)) break;
    }
    return client;
  }

  /** The scheme the client used. */
  protocol(sent: ForwardedFields): "http" | "https" {
    const proto = this.isTrusted ? sent.xForwardedProto.toLowerCase() : "";
    return proto === "http" || proto === "https" ? proto : this.peer.protocol;
  }

  /** The port the client came to. */
  port(sent: ForwardedFields): string {
    if (this.isTrusted && isPort(sent.xForwardedPort)) return sent.xForwardedPort;
    const protocol = this.protocol(sent);
    const { port } = this.peer;
    return protocol === this.peer.protocol && port !== null
      ? String(port)
      : protocol === "https"
        ? "443"
        : "80";
  }

  /** The field lines that tell a backend of the client. */
  lines(head: RequestHead): string {
    if (!this.isTrusted)
      return head.hostText === "" ? this.untrusted : this.untrusted + hostLine(head.hostText);
    const { sent } = head;
    const before = sent.xForwardedFor === "" ? "" : `${sent.xForwardedFor}, `;
    const host = parseHost(sent.xForwardedHost)?.text ?? head.hostText;
    const port = isPort(sent.xForwardedPort) ? sent.xForwardedPort : (this.peer.port ?? "");
    return (
      fieldLine("X-Forwarded-For", `${before}${this.peerText}`) +
      fieldLine("X-Forwarded-Proto", this.protocol(sent)) +
      (port === "" ? "" : fieldLine("X-Forwarded-Port", String(port))) +
      (host === "" ? "" : fieldLine("X-Forwarded-Host", host)) +
      // RFC 7239: who forwards the field adds the peer it got the request from
      (sent.forwarded === "" ? "" : fieldLine("Forwarded", `${sent.forwarded}, for=${this.forwardedNode}`))
    );
  }

  private get peerText(): string {
    return this.address?.text ?? "unknown";
  }

  private get forwardedNode(): string {
    const text = this.peerText;
    return text.includes(":") ? `"[${text}]"` : text;
  }
}

/** Host texts come from the parser, which has checked them. */
function hostLine(hostText: string): string {
  return `X-Forwarded-Host: ${hostText}\r\n`;
}

function isPort(text: string): boolean {
  return /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535;
}

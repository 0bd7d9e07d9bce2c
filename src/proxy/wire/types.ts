import type { RefusalReason, RefusalStatus } from "./refusals.js";

/** How the end of a request body is found; a length may be 0. A head with both framing fields is refused. */
export type RequestFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" };

/** How the end of a response body is found: RFC 9112 section 6.3. */
export type ResponseFraming = RequestFraming | { readonly kind: "until-close" };

/** HTTP/1.0 or HTTP/1.1. */
export type Version = 10 | 11;

/** A websocket handshake that was asked for and is complete (RFC 6455 section 4.2.1); no other upgrade is relayed. */
export interface WebSocketUpgrade {
  readonly protocol: "websocket";
  /** the client's Sec-WebSocket-Key, 24 characters of base64 */
  readonly key: string;
}

/** What a peer says of the way a request came so far: to be believed only from a trusted proxy. */
export interface ForwardedFields {
  /** all X-Forwarded-For lines, joined with ", "; "" when there is none */
  readonly xForwardedFor: string;
  readonly xForwardedProto: string;
  readonly xForwardedHost: string;
  readonly xForwardedPort: string;
  /** all Forwarded lines (RFC 7239), joined with ", " */
  readonly forwarded: string;
}

/** A request head that was read strictly. Every text is a latin1 string of bytes that were checked. */
export interface RequestHead {
  readonly kind: "request";
  readonly method: string;
  /** to be forwarded: origin-form as received, or `*` for OPTIONS; absolute-form was turned into one of the two */
  readonly target: string;
  /** for routing: decoded once, without dot segments and double slashes, without the query; `*` stays `*` */
  readonly path: string;
  readonly version: Version;
  /** lower case, without port and closing dot; IPv6 in brackets; "" only in HTTP/1.0 without Host */
  readonly host: string;
  /** the Host to forward: as received (or of the absolute-form), with port; "" only in HTTP/1.0 without Host */
  readonly hostText: string;
  readonly framing: RequestFraming;
  /** the client wants the connection kept after the answer */
  readonly keepAlive: boolean;
  /** the client waits for 100 (Continue) before it sends the body */
  readonly expectContinue: boolean;
  readonly upgrade: WebSocketUpgrade | null;
  readonly sent: ForwardedFields;
  /** Field lines to forward, each with its CRLF, in order: without hop-by-hop, framing, Host, Expect, Proxy, `_` names. */
  readonly fields: string;
  /** bytes from the start of the parse to the first byte after the head, an empty line before it included */
  readonly headBytes: number;
}

/** A response head that was read strictly. */
export interface ResponseHead {
  readonly kind: "response";
  /** 100..599 */
  readonly status: number;
  /** the reason phrase as received; may be empty */
  readonly reason: string;
  readonly version: Version;
  /** status 100..199 except 101: another head follows on the same connection */
  readonly interim: boolean;
  /** status 101 that answers the websocket handshake that was asked for, with the right Sec-WebSocket-Accept */
  readonly upgraded: boolean;
  readonly framing: ResponseFraming;
  /** Content-Length as declared, body or not (HEAD, 304); null when there is none */
  readonly declaredLength: number | null;
  /** the backend would keep the connection after this body */
  readonly keepAlive: boolean;
  /** X-Sendfile or X-LIGHTTPD-send-file, never forwarded; "" when absent */
  readonly sendfile: string;
  /** X-Accel-Redirect, never forwarded; "" when absent */
  readonly accelRedirect: string;
  /** Field lines to forward, each with its CRLF, in order: without hop-by-hop, framing and those two. */
  readonly fields: string;
  readonly headBytes: number;
}

/** Why bytes were not taken as HTTP/1.1. The connection they came on is not to be used again. */
export interface Refusal {
  readonly kind: "refusal";
  /** to answer with: of the request, or 502 when a response was refused */
  readonly status: RefusalStatus;
  readonly reason: RefusalReason;
  /** one sentence for people */
  readonly text: string;
}

/** The bytes so far are the beginning of a head: ask again when there are more (not before a line feed has come). */
export type Incomplete = "incomplete";

import type { TcpListen } from "../../src/spec/types.js";

/** A listen for plain text. */
export function httpAt(port: number, address = "127.0.0.1"): TcpListen {
  return { kind: "tcp", address, port, tls: false, http2: false, proxyProtocol: false };
}

/** A listen for TLS. */
export function httpsAt(port: number, isHttp2 = false): TcpListen {
  return { ...httpAt(port), tls: true, http2: isHttp2 };
}

import http from "node:http";
import https from "node:https";

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** The client's port: equal for requests on one connection. */
  localPort: number | undefined;
}

export interface Ask {
  port: number;
  host: string;
  /** Sent as it is, not normalised. */
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer;
  /** Address to connect to; default 127.0.0.1. */
  to?: string;
  /** Address to connect from. */
  from?: string;
  tls?: boolean;
  agent?: http.Agent;
}

/** One request and its whole answer; rejects when the connection breaks before that. */
export function ask(options: Ask): Promise<Answer> {
  const {
    port,
    host,
    path = "/",
    method = "GET",
    headers = {},
    body,
    to = "127.0.0.1",
    from,
    tls,
    agent,
  } = options;
  const all: https.RequestOptions = {
    host: to,
    port,
    path,
    method,
    headers: { Host: host, ...(body ? { "Content-Length": String(body.length) } : {}), ...headers },
    agent: agent ?? false,
    ...(from === undefined ? {} : { localAddress: from }),
    ...(tls ? { rejectUnauthorized: false, servername: host } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (tls ? https : http).request(all, (response) => {
      const chunks: Buffer[] = [];
      const localPort = response.socket.localPort;
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, localPort });
      });
    });
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: "",
        localPort: undefined,
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

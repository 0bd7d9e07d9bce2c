import { createHash } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import type { Duplex } from "node:stream";

/** Backends that tell what they received. */
export interface ParityBackends {
  port: number;
  /** The same, which says so: `X-By: api`. */
  apiPort: number;
  /** Nobody listens there. */
  deadPort: number;
  /** Takes a request and closes without an answer. */
  closingPort: number;
  requests(): number;
  /** Those that had `X-Row: NAME`. */
  requestsOf(row: string): number;
  end(): void;
}

export async function startBackends(): Promise<ParityBackends> {
  let requests = 0;
  const rows = new Map<string, number>();
  const count = ({ headers }: IncomingMessage): void => {
    requests += 1;
    const row = String(headers["x-row"] ?? "");
    rows.set(row, (rows.get(row) ?? 0) + 1);
  };
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    count(request);
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => answer(request, body, response));
  };
  const server = http.createServer(take);
  const api = http.createServer((request, response) => {
    response.setHeader("X-By", "api");
    take(request, response);
  });
  api.keepAliveTimeout = 60_000;
  server.keepAliveTimeout = 60_000;
  const upgrade = (fields: string) => (request: IncomingMessage, socket: Duplex) => {
    count(request);
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    socket.end(`${head}${fields}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  };
  server.on("upgrade", upgrade(""));
  api.on("upgrade", upgrade("X-By: api\r\n"));
  const closing = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.destroy());
  });
  const dead = createServer();
  const [port, apiPort, closingPort, deadPort] = await Promise.all([server, api, closing, dead].map(listen));
  await new Promise((resolve) => dead.close(resolve));
  return {
    port: port ?? 0,
    apiPort: apiPort ?? 0,
    deadPort: deadPort ?? 0,
    closingPort: closingPort ?? 0,
    requests: () => requests,
    requestsOf: (row) => rows.get(row) ?? 0,
    end() {
      server.close();
      server.closeAllConnections();
      api.close();
      api.closeAllConnections();
      closing.close();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)),
  );
}

/** `/tell/NAME?a=…&b=…` answers as its query says; everything else tells what was received. */
function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://backend");
  const [, what] = /^\/tell\/(\w+)$/.exec(url.pathname) ?? [];
  if (what === undefined) return echo(request, body, response);
  if (what === "slow") return;
  const { searchParams } = url;
  response.statusCode = Number(searchParams.get("status") ?? 200);
  for (const [name, value] of searchParams) {
    if (/^[A-Z]/.test(name)) response.appendHeader(name, value);
  }
  response.end(what === "text" ? "x".repeat(Number(searchParams.get("bytes") ?? 5)) : "");
}

function echo(request: IncomingMessage, body: string, response: ServerResponse): void {
  const { method, url, headers } = request;
  const text = JSON.stringify({ method, url, headers, body });
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

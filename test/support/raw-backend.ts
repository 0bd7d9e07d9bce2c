import { createServer, type AddressInfo, type Socket } from "node:net";

export interface RawRequest {
  /** Request line and fields. */
  head: string;
  socket: Socket;
  /** Number of the request on its connection, from 1. */
  turn: number;
  body: string;
}

export interface RawBackend {
  port: number;
  requests: RawRequest[];
  connections(): number;
  close(): Promise<void>;
}

/** A backend that answers with bytes as they are. Bodies are read by Content-Length. */
export async function startRawBackend(
  onRequest: (request: RawRequest) => void,
  options: { path?: string; port?: number; host?: string } = {},
): Promise<RawBackend> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    let turn = 0;
    let isRaw = false;
    socket.on("end", () => isRaw || socket.end());
    socket.on("data", (chunk: Buffer) => {
      if (isRaw) return;
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end === -1) return;
        const head = text.slice(0, end);
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const request = { head, socket, turn: (turn += 1), body: text.slice(end + 4, end + 4 + length) };
        text = text.slice(end + 4 + length);
        requests.push(request);
        isRaw = /^upgrade:/im.test(head);
        onRequest(request);
        if (isRaw) return;
      }
    });
  });
  await new Promise<void>((resolve) => {
    if (options.path !== undefined) server.listen(options.path, resolve);
    else server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  return {
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    requests,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function ok(body: string, fields = ""): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

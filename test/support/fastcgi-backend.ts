import { createServer, type AddressInfo, type Socket } from "node:net";

export interface FastcgiRequest {
  /** One character a byte, in the order of the records. */
  params: Map<string, string>;
  /** Names in order; one that came twice is there twice. */
  names: readonly string[];
  body: string;
  /** FCGI_KEEP_CONN was set. */
  keeps: boolean;
  socket: Socket;
  /** Number of the request on its connection, from 1. */
  turn: number;
}

export interface FastcgiBackend {
  port: number;
  requests: FastcgiRequest[];
  connections(): number;
  /** That stand now. */
  open(): number;
  close(): Promise<void>;
}

/** One record of the request with number 1. */
export function record(type: number, content: string, padding = 0): string {
  const { length } = content;
  const head = String.fromCharCode(1, type, 0, 1, length >> 8, length & 255, padding, 0);
  return head + content + "\0".repeat(padding);
}

/** Output, its end and the end of the request. */
export function output(text: string, appStatus = 0): string {
  let records = "";
  for (let at = 0; at < text.length; at += 65_535) records += record(6, text.slice(at, at + 65_535));
  return records + record(6, "") + record(3, `\0\0\0${String.fromCharCode(appStatus)}\0\0\0\0`);
}

/** Name-value pairs, read without any help of the code under test. */
export function readPairs(bytes: Buffer): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  let at = 0;
  const length = (): number => {
    const first = bytes.readUInt8(at);
    if (first < 128) {
      at += 1;
      return first;
    }
    const long = bytes.readUInt32BE(at) - 0x80000000;
    at += 4;
    return long;
  };
  while (at < bytes.length) {
    const nameLength = length();
    const valueLength = length();
    const name = bytes.toString("latin1", at, at + nameLength);
    pairs.push([name, bytes.toString("latin1", at + nameLength, at + nameLength + valueLength)]);
    at += nameLength + valueLength;
    if (at > bytes.length) throw new Error("a pair goes beyond the end");
  }
  return pairs;
}

/** A FastCGI application that answers with bytes as they are, once it has all of the request. */
export async function startFastcgi(
  onRequest: (request: FastcgiRequest) => void,
  port = 0,
): Promise<FastcgiBackend> {
  const requests: FastcgiRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    let bytes = Buffer.alloc(0);
    let params: Buffer[] = [];
    let body: Buffer[] = [];
    let keeps = false;
    let turn = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 8) {
        const length = bytes.readUInt16BE(4);
        const end = 8 + length + bytes.readUInt8(6);
        if (bytes.length < end) return;
        const type = bytes.readUInt8(1);
        const content = Buffer.from(bytes.subarray(8, 8 + length));
        bytes = bytes.subarray(end);
        if (type === 1) keeps = content.readUInt8(2) === 1;
        else if (type === 4) params.push(content);
        else if (type === 5 && length > 0) body.push(content);
        else if (type === 5) {
          const pairs = readPairs(Buffer.concat(params));
          const request: FastcgiRequest = {
            params: new Map(pairs),
            names: pairs.map(([name]) => name),
            body: Buffer.concat(body).toString("latin1"),
            keeps,
            socket,
            turn: (turn += 1),
          };
          params = [];
          body = [];
          requests.push(request);
          onRequest(request);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

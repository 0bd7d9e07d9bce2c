import http2 from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { until } from "./world.js";

export interface Http2Answer {
  status: number;
  headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  body: Buffer;
  /** Statuses of the interim answers. */
  interim: number[];
}

/** The connection of a session, which can be ended under it. */
export function http2Socket(port: number): TLSSocket {
  return connect({
    port,
    host: "127.0.0.1",
    servername: "main.test",
    rejectUnauthorized: false,
    ALPNProtocols: ["h2"],
  });
}

/** A session of Node's own client. */
export async function session(port: number, socket = http2Socket(port)): Promise<http2.ClientHttp2Session> {
  const made = http2.connect(`https://127.0.0.1:${port}`, { createConnection: () => socket });
  made.on("error", () => {});
  await new Promise<void>((resolve, reject) => made.once("connect", () => resolve()).once("error", reject));
  return made;
}

/** One request on a session and its whole answer; rejects when the stream is reset before that. */
export function request(
  on: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = on.request({ ":authority": "main.test", ...headers }, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    const interim: number[] = [];
    let head: Http2Answer["headers"] = {};
    stream.on("headers", (early) => interim.push(Number(early[":status"])));
    stream.on("response", (received) => (head = received));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      if (stream.rstCode !== 0) return reject(new Error(`reset with ${stream.rstCode}`));
      resolve({ status: Number(head[":status"]), headers: head, body: Buffer.concat(chunks), interim });
    });
    if (body !== undefined) stream.end(body);
  });
}

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9,
} as const;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Literal fields, neither indexed nor packed: any byte can be in them. */
export function fields(...pairs: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, "latin1");
    if (bytes.length > 126) throw new RangeError("too long for one length byte");
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  };
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** A client of frames as they are. */
export class FrameClient {
  readonly frames: Frame[] = [];
  isOver = false;
  private received = Buffer.alloc(0);

  private constructor(readonly socket: TLSSocket) {
    socket.on("data", (chunk: Buffer) => this.take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => (this.isOver = true));
  }

  static async open(port: number): Promise<FrameClient> {
    const socket = connect({ port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    const client = new FrameClient(socket);
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0)]));
    return client;
  }

  send(...frames: readonly Buffer[]): this {
    if (!this.isOver) this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** Error code of the reset of a stream, or of the end of the connection; null: neither has come. */
  codeOf(stream: number): number | null {
    const reset = this.frames.find((one) => one.type === FRAME.reset && one.stream === stream);
    if (reset !== undefined) return reset.payload.readUInt32BE(0);
    return this.goaway;
  }

  get goaway(): number | null {
    const found = this.frames.findLast((one) => one.type === FRAME.goaway);
    return found === undefined ? null : found.payload.readUInt32BE(4);
  }

  async reset(stream: number): Promise<number> {
    await until(`the reset of stream ${stream}`, () => this.codeOf(stream) !== null || this.isOver).finally(
      () => this.socket.destroy(),
    );
    return this.codeOf(stream) ?? -1;
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 9) {
      const length = this.received.readUIntBE(0, 3);
      if (this.received.length < 9 + length) return;
      this.frames.push({
        type: this.received.readUInt8(3),
        flags: this.received.readUInt8(4),
        stream: this.received.readUInt32BE(5),
        payload: this.received.subarray(9, 9 + length),
      });
      this.received = this.received.subarray(9 + length);
    }
  }
}

import { connect, type Socket } from "node:net";
import { until } from "./world.js";

/** A client that sends and receives bytes as they are. */
export class RawClient {
  readonly socket: Socket;
  text = "";
  bytes = 0;
  /** null: the connection still stands. */
  end: "clean" | "reset" | null = null;

  /** @param options from: address to connect from */
  constructor(port: number, options: { allowHalfOpen?: boolean; from?: string } = {}) {
    const { allowHalfOpen = false, from = "127.0.0.1" } = options;
    this.socket = connect({ port, host: "127.0.0.1", localAddress: from, allowHalfOpen });
    this.socket.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.text += chunk.toString("latin1");
    });
    this.socket.on("end", () => (this.end ??= "clean"));
    this.socket.on("error", () => (this.end = "reset"));
    this.socket.on("close", () => (this.end ??= "clean"));
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  async has(part: string | RegExp): Promise<this> {
    await until(`${String(part)} in ${JSON.stringify(this.text.slice(0, 300))}`, () =>
      typeof part === "string" ? this.text.includes(part) : part.test(this.text),
    );
    return this;
  }

  async ended(): Promise<this> {
    await until("the end of the connection", () => this.end !== null);
    return this;
  }
}

/** Sends one message on a connection of its own and reads to the end of the connection. */
export async function exchange(port: number, message: string): Promise<RawClient> {
  return new RawClient(port).send(message).ended();
}

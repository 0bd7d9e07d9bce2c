import type { Exchange } from "../backend/exchange.js";
import { CgiConnection } from "./cgi-connection.js";

/** SCGI and uwsgi: one request on each connection, whose end is the end of the answer. */
export class StreamConnection extends CgiConnection {
  protected override keeps = false;

  protected override onBytes(exchange: Exchange, bytes: Buffer, length: number): void {
    if (this.output(exchange, bytes, [0, length], false) && this.isAnswerWhole) this.finish(exchange);
  }

  protected override onEnd(): void {
    const { exchange } = this;
    if (exchange === null || !this.hasAnswerBytes) return this.lose("closed");
    if (this.output(exchange, NOTHING, [], true)) this.finish(exchange);
  }
}

const NOTHING = Buffer.alloc(0);

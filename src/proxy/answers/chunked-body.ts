import type { Socket } from "node:net";
import { sendCopy, sendText } from "../transport.js";
import type { BodyFilter } from "./body-filter.js";

/** Gives a body whose length nobody knows the framing of RFC 9112 section 7.1: without it, its end could not be told from a cut. */
export class ChunkedBody implements BodyFilter {
  constructor(
    private readonly socket: Socket,
    private readonly wanted: () => void,
  ) {}

  write(bytes: Buffer, start: number, end: number): boolean {
    // A chunk of no bytes would be the last one.
    if (end === start) return true;
    const { socket } = this;
    socket.cork();
    sendText(socket, `${(end - start).toString(16)}\r\n`);
    sendCopy(socket, "", bytes, start, end);
    const isTaken = sendText(socket, "\r\n");
    socket.uncork();
    return isTaken || socket.writableLength === 0;
  }

  end(done: () => void): void {
    sendText(this.socket, "0\r\n\r\n");
    done();
  }

  clientDrained(): void {
    this.wanted();
  }

  abort(): void {}
}

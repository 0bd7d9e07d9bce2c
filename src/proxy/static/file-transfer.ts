import type { FileHandle } from "node:fs/promises";
import type { Client } from "../front/client.js";
import { noteEnd } from "../front/note-end.js";
import type { Task } from "../front/task.js";
import { givePrivate, sendText, takePrivate } from "../transport.js";

/**
 * Sends a large file: a piece is read, sent, and the next one read when it has gone out. Also stands for the time in
 * which a file is looked for.
 */
export class FileTransfer implements Task {
  isOver = false;

  constructor(private readonly client: Client) {}

  abort(): void {
    this.isOver = true;
  }

  clientDrained(): void {}

  sweep(): void {}

  /** Takes the handle over. */
  send(head: string, handle: FileHandle, start: number, end: number): void {
    const { client } = this;
    client.isAnswered = true;
    sendText(client.socket, head + client.context.clock.dateLine + client.connectionLine());
    this.sendPieces(handle, start, end).then(
      (isWhole) => {
        if (this.isOver) return;
        this.isOver = true;
        noteEnd(client, 200, end - start);
        if (isWhole) client.answered();
        else client.cutOff();
      },
      (error: unknown) => {
        client.context.log.error("file-failed", { text: (error as Error).message });
        if (!this.isOver) client.cutOff();
        this.isOver = true;
      },
    );
  }

  /** @returns false when the file became shorter meanwhile, or nobody wants it any more */
  private async sendPieces(handle: FileHandle, start: number, end: number): Promise<boolean> {
    const buffer = takePrivate();
    let isFlushed = true;
    try {
      for (let at = start; at < end;) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytesRead === 0 || this.isOver) return false;
        at += bytesRead;
        isFlushed = false;
        isFlushed = await this.flushed(buffer.subarray(0, bytesRead));
        if (!isFlushed) return false;
      }
      return true;
    } finally {
      if (isFlushed) givePrivate(buffer);
      await handle.close();
    }
  }

  private flushed(bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.client.socket.write(bytes, (error) => resolve(!error && !this.isOver));
    });
  }
}

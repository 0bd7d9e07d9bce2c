import type { FileHandle } from "node:fs/promises";
import type { Answer } from "../answers/answer.js";
import { causeOf } from "../answers/failures.js";
import type { Client } from "../front/client.js";
import { noteEnd } from "../front/note-end.js";
import type { Task } from "../front/task.js";
import { givePrivate, sendLent, sendText, takePrivate } from "../transport.js";
import type { Found, Lookup } from "./file-store.js";

/**
 * Sends a large file: a piece is read, sent, and the next one read when it has gone out. Also stands for the time in
 * which a file is looked for.
 */
export class FileTransfer implements Task {
  private isOver = false;
  private status = 0;
  /** Of the file that the client's side has taken. */
  private bytes = 0;

  constructor(private readonly client: Client) {}

  /** Waits for a look-up. @param path for the log */
  take<F extends { kind: "file"; found: Found }>(
    lookup: Promise<F | Exclude<Lookup, Found>>,
    path: string,
    onFile: (file: F) => void,
    onAbsent: (kind: Exclude<Lookup, Found>["kind"]) => void,
  ): void {
    const { client } = this;
    lookup.then(
      (looked) => {
        if (!this.isOver)
          client.guard(() => (looked.kind === "file" ? onFile(looked) : onAbsent(looked.kind)));
        else if (looked.kind === "file") void looked.found.handle?.close();
      },
      (error: unknown) => {
        client.context.log.error("file-failed", { path, text: (error as Error).message });
        if (!this.isOver) client.guard(() => client.fail(causeOf("internal")));
      },
    );
  }

  /** Takes the handle over. */
  send({ head, status }: Omit<Answer, "body">, handle: FileHandle, start: number, end: number): void {
    const { client } = this;
    this.status = status;
    client.isAnswered = true;
    sendText(client.socket, head + client.context.clock.dateLine + client.lastLines());
    this.sendPieces(handle, start, end).then(
      (isWhole) => {
        if (this.isOver) return;
        if (!isWhole) return this.breakOff("it became shorter while it was sent");
        this.end(this.status);
        client.answered();
      },
      (error: unknown) => this.breakOff((error as Error).message),
    );
  }

  /** The client is gone. */
  abort(): void {
    if (this.isOver) return;
    const { status, reason } = causeOf("client-gone");
    this.client.notes.reason = reason;
    this.end(status);
  }

  clientDrained(): void {}

  sweep(): void {}

  private breakOff(text: string): void {
    const { client } = this;
    client.context.log.error("file-failed", { text, target: client.request?.target ?? null });
    if (this.isOver) return;
    client.notes.reason = causeOf("file-cut-off").reason;
    this.end(this.status);
    client.cutOff();
  }

  private end(status: number): void {
    this.isOver = true;
    noteEnd(this.client, status, this.bytes);
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
        this.bytes += bytesRead;
      }
      return true;
    } finally {
      if (isFlushed) givePrivate(buffer);
      await handle.close();
    }
  }

  private flushed(bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      sendLent(this.client.socket, bytes, (isSent) => resolve(isSent && !this.isOver));
    });
  }
}

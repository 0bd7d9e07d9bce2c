import type { Socket } from "node:net";
import { STRING_BYTES_MAX } from "./answers/answer.js";
import { latin1 } from "./wire/bytes.js";

/**
 * Every backend's socket reads into this one buffer: what is in it is valid until the callback returns. From it only
 * strings and copies leave; a slice of it that waited in a socket's queue would send one client's bytes to another.
 */
export const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** A long body has a buffer of its own, which is not read into before what was read is flushed. */
const PRIVATE_BYTES = 256 * 1024;
const PRIVATE_KEPT_MAX = 16;
const free: Buffer[] = [];

export function takePrivate(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(PRIVATE_BYTES);
}

/** Only when nothing that was read into it is still to be sent. */
export function givePrivate(buffer: Buffer): void {
  if (free.length < PRIVATE_KEPT_MAX) free.push(buffer);
}

/**
 * Sends bytes that may be overwritten as soon as this returns.
 * @returns false when the socket has more than it likes: wait for its "drain"
 */
export function sendCopy(socket: Socket, bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= STRING_BYTES_MAX) return sendText(socket, latin1(bytes, start, end));
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return sendOwned(socket, copy);
}

/** Sends bytes that nobody will write to any more. @returns as sendCopy */
export function sendOwned(socket: Socket, bytes: Uint8Array): boolean {
  return socket.write(bytes) || socket.writableLength === 0;
}

/** Sends a string with one character a byte. @returns as sendCopy */
export function sendText(socket: Socket, text: string): boolean {
  return socket.write(text, "latin1") || socket.writableLength === 0;
}

/** Bytes that the peer has taken so far: what grows while it reads. */
export function progressOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null };
  return socket.bytesWritten - socket.writableLength - (handle?.writeQueueSize ?? 0);
}

/**
 * Breaks a connection off with a reset, so that nobody takes what was sent for the whole. Over TLS the missing
 * close_notify says the same. resetAndDestroy() would send a FIN first, and with it a clean end; this is what it does
 * after that.
 */
export function cut(socket: Socket): void {
  if (!("encrypted" in socket)) (socket as Socket & { resetAndClosing: boolean }).resetAndClosing = true;
  socket.destroy();
}

import type { Socket } from "node:net";
import { STRING_BYTES_MAX } from "./answers/answer.js";
import { isLost, takesDirect, writeDirect, writeDirectBytes } from "./direct-writes.js";
import { latin1 } from "./wire/bytes.js";

/**
 * Every socket to a backend, and every plain one of a client, reads into this one buffer: what is in it is valid until the
 * callback returns. From it only strings and copies leave; a slice of it that waited in a socket's queue would send one client's bytes to another.
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
 * What is copied out of SHARED goes by a slab, which is used again as soon as the kernel has it: to touch fresh memory
 * costs more than the copy.
 */
const SLAB_BYTES = 96 * 1024;
const SLABS_KEPT_MAX = 16;
const slabs: Buffer[] = [];

function giveSlab(slab: Buffer): void {
  if (slabs.length < SLABS_KEPT_MAX) slabs.push(slab);
}

/**
 * Sends bytes that may be overwritten as soon as this returns.
 * @param text goes before them, in the same write; one character a byte
 * @returns false when the socket has more than it likes: wait for its "drain"
 */
export function sendCopy(socket: Socket, text: string, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length <= STRING_BYTES_MAX) return sendText(socket, text + latin1(bytes, start, end));
  return sendBySlab(socket, text, bytes, start, end) ?? sendCorked(socket, text, copyOf(bytes, start, end));
}

/** The text, then bytes that nobody will write to any more, in one write. @returns as sendCopy */
export function sendPrefixed(socket: Socket, text: string, bytes: Buffer): boolean {
  if (text === "") return sendOwned(socket, bytes);
  return sendBySlab(socket, text, bytes, 0, bytes.length) ?? sendCorked(socket, text, bytes);
}

/** null: it does not fit, or the socket takes nothing directly now */
function sendBySlab(socket: Socket, text: string, bytes: Buffer, start: number, end: number): boolean | null {
  const length = text.length + end - start;
  if (length > SLAB_BYTES || !takesDirect(socket)) return null;
  const slab = slabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  slab.write(text, 0, "latin1");
  bytes.copy(slab, text.length, start, end);
  const isTaken = writeDirectBytes(socket, slab.subarray(0, length), () => giveSlab(slab));
  if (isTaken !== false) giveSlab(slab);
  return isTaken;
}

function sendCorked(socket: Socket, text: string, bytes: Uint8Array): boolean {
  if (isLost(socket)) return true;
  socket.cork();
  socket.write(text, "latin1");
  const isTaken = socket.write(bytes);
  socket.uncork();
  return isTaken || socket.writableLength === 0;
}

/** A part of a buffer in memory of its own. Buffer.from() would first fill that with zeros. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

function noMatter(): void {}

/** Sends bytes that nobody will write to any more. @returns as sendCopy */
export function sendOwned(socket: Socket, bytes: Uint8Array): boolean {
  return (
    writeDirectBytes(socket, bytes, noMatter) ??
    (isLost(socket) || socket.write(bytes) || socket.writableLength === 0)
  );
}

/** Sends bytes that may be overwritten once `done` is called: at once, when the kernel has them, or when it is lost. */
export function sendLent(socket: Socket, bytes: Uint8Array, done: (isSent: boolean) => void): void {
  const isTaken = writeDirectBytes(socket, bytes, () => done(!socket.destroyed));
  if (isTaken === true) done(!socket.destroyed);
  // A write that the end of its socket has cut short is told without an error.
  else if (isTaken === null) socket.write(bytes, (error) => done(!error && !socket.destroyed));
}

/** Sends a string with one character a byte. @returns as sendCopy */
export function sendText(socket: Socket, text: string): boolean {
  return (
    writeDirect(socket, text) ??
    (isLost(socket) || socket.write(text, "latin1") || socket.writableLength === 0)
  );
}

/** Bytes that the peer has taken so far: what grows while it reads. */
export function progressOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength - queuedBytes(socket);
}

/** Is there something that the kernel has not taken? */
export function isUnsent(socket: Socket): boolean {
  return socket.writableLength > 0 || queuedBytes(socket) > 0;
}

/** With the kernel's side of Node, which the stream does not know of when it was written directly. */
function queuedBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
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

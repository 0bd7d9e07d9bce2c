import { Socket, type SocketConstructorOpts } from "node:net";
import { SHARED } from "./transport.js";

/** Gets the first `length` bytes of SHARED, valid until it returns. */
export type ReadCallback = (length: number) => void;

interface Places {
  buffer: symbol;
  callback: symbol;
}

/**
 * Where a socket keeps the parts of the option `onread` of net.connect(). Found by what a socket made with that option
 * holds, for the symbols themselves are Node's own. null: this Node keeps them elsewhere.
 */
function findPlaces(): Places | null {
  const buffer = new Uint8Array(1);
  const callback = (): boolean => true;
  const probe = new Socket({ onread: { buffer, callback } } as SocketConstructorOpts);
  const placeOf = (value: unknown): symbol | undefined =>
    Object.getOwnPropertySymbols(probe).find((symbol) => Reflect.get(probe, symbol) === value);
  const places = { buffer: placeOf(buffer), callback: placeOf(callback) };
  probe.destroy();
  return places.buffer === undefined || places.callback === undefined ? null : (places as Places);
}

const PLACES = findPlaces();

/**
 * Has an accepted socket read into SHARED, as backends' sockets do: no buffer is allocated for a read, and no event is
 * emitted. net.Server makes its sockets itself and takes no `onread` for them, so the option is put where net.connect()
 * would have put it, before the first read.
 * @returns false: it cannot be (another kind of socket, one that has been read from, a Node that does this otherwise), and
 *   the bytes come by "data"
 */
export function readShared(socket: Socket, callback: ReadCallback, places = PLACES): boolean {
  if (places === null || Object.getPrototypeOf(socket) !== Socket.prototype) return false;
  const { _handle: handle } = socket as Socket & {
    _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null;
  };
  if (typeof handle?.useUserBuffer !== "function") return false;
  if (socket.readableFlowing !== null || socket.readableLength > 0) return false;
  Reflect.set(socket, places.buffer, SHARED);
  Reflect.set(socket, places.callback, callback);
  handle.useUserBuffer(SHARED);
  return true;
}

/**
 * Whether what a socket has told as its end is one. Behind the last bytes libuv tells a reset as an end, too
 * (uv__stream_io, at POLLHUP); the kernel, asked again, says which it was.
 * @param end called when no "error" has come, two turns later
 */
export function endsWell(socket: Socket, end: () => void): void {
  const { _handle: handle } = socket as Socket & { _handle?: { readStart?: () => number } | null };
  handle?.readStart?.();
  setImmediate(() => setImmediate(() => socket.destroyed || end()));
}

import type { Socket } from "node:net";

/**
 * Whether the peer of a socket that is not read has gone. A reset shows, for the kernel no longer knows the peer; so
 * does a clean end right behind what was read. One that follows bytes that nobody has read yet does not.
 */
export function isGone(socket: Socket): boolean {
  const { _handle: handle, _readableState: state } = socket as Socket & {
    _handle?: { getpeername?: (out: object) => number } | null;
    _readableState?: { ended?: boolean };
  };
  return state?.ended === true || (handle?.getpeername?.({}) ?? 0) < 0;
}

import net from "node:net";
import { getSystemErrorName } from "node:util";
import { withMode } from "./unix-socket.js";

/** A socket as the system knows it, of which nothing is read or accepted yet. */
export interface SocketHandle {
  readonly fd: number;
  getsockname?(out: { address?: string; port?: number; family?: string }): number;
  /** @returns 0, or an error of libuv */
  listen(backlog: number): number;
  close(): void;
}

/**
 * What node:cluster makes the sockets of its workers with: bound, and not listening, so that whoever holds it accepts
 * nothing. Listening by server.listen() accepts at once; there is no documented way to do the one without the other.
 */
type CreateHandle = (
  address: string | null,
  port: number,
  family: 4 | 6 | -1,
  fd: number | undefined,
  flags: number,
) => SocketHandle | number;
const { _createServerHandle: createHandle } = net as unknown as { _createServerHandle?: CreateHandle };

const IPV6_ONLY = 1;

/** As nginx does it: `::` is IPv6 alone, so that `0.0.0.0` can stand beside it. @throws Error of bind(2) */
export function bindTcp(address: string, port: number, name: string): SocketHandle {
  const [family, flags] = address.includes(":") ? ([6, IPV6_ONLY] as const) : ([4, 0] as const);
  return made(name, address, port, family, undefined, flags);
}

/** @param mode of the file, from its first moment @throws Error of bind(2) */
export function bindUnix(path: string, name: string, mode: number): SocketHandle {
  return withMode(mode, () => made(name, path, -1, -1, undefined, 0));
}

/** Takes over a descriptor that is bound already. @throws Error when it is no socket */
export function handleOfFd(fd: number): SocketHandle {
  return made(`descriptor ${fd}`, null, 0, -1, fd, 0);
}

function made(name: string, ...args: Parameters<CreateHandle>): SocketHandle {
  if (createHandle === undefined) throw new Error("this Node cannot make a socket that does not listen");
  const handle = createHandle(...args);
  // That an address is taken shows only when the socket is asked for it.
  const error = typeof handle === "number" ? handle : (handle.getsockname?.({}) ?? 0);
  if (error === 0 && typeof handle !== "number") return handle;
  if (typeof handle !== "number") handle.close();
  const code = getSystemErrorName(error);
  throw Object.assign(new Error(`cannot listen on ${name}: ${code}`), { code });
}

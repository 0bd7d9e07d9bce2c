import { Socket } from "node:net";
import { getSystemErrorName } from "node:util";

/** Of Node's own binding, as net.Socket uses it. */
interface WriteRequest {
  oncomplete: (status: number) => void;
}

interface Binding {
  WriteWrap: new () => WriteRequest;
  streamBaseState: Int32Array;
  kLastWriteWasAsync: number;
}

interface Handle {
  writeLatin1String(request: WriteRequest, text: string): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
}

type DirectSocket = Socket & {
  _handle?: Partial<Handle> | null;
  [STATE]?: State;
  [WHEN_LOST]?: (code: string) => void;
};

/**
 * never: it is another kind of socket. waiting: what was written is not yet all with the kernel. lost: the peer takes
 * nothing more.
 */
type State = "ready" | "waiting" | "never" | "lost";

const STATE: unique symbol = Symbol("direct writes");
const WHEN_LOST: unique symbol = Symbol("when the peer takes nothing more");

/**
 * What a peer has said before it closed can still be read once it takes nothing more; Node would end the socket at the
 * write that fails. From then on what is sent is dropped.
 * @param whenLost told once, with the code of write(2)
 */
export function readOnWhenLost(socket: Socket, whenLost: (code: string) => void): void {
  (socket as DirectSocket)[WHEN_LOST] = whenLost;
}

/** Whether nothing more can be sent, and what is given to be sent is dropped. */
export function isLost(socket: DirectSocket): boolean {
  return socket[STATE] === "lost";
}

/** null: this Node does not give it out, or it looks otherwise. */
function findBinding(): Binding | null {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => Partial<Binding> };
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding?.("stream_wrap") ?? {};
    if (typeof WriteWrap !== "function" || !(streamBaseState instanceof Int32Array)) return null;
    if (kLastWriteWasAsync === undefined || !(kLastWriteWasAsync in streamBaseState)) return null;
    return { WriteWrap, streamBaseState, kLastWriteWasAsync };
  } catch {
    // Under Node's permission model.
    return null;
  }
}

export const BINDING = findBinding();

/** The kernel takes most of what it is given at once, and then nothing holds on to the request: one does for all of them. */
let spare = BINDING === null ? null : new BINDING.WriteWrap();

/**
 * Hands a text to the kernel as net.Socket does, past the queue, the callbacks and the tick that its stream spends on
 * each write: an eighth of what a small answer costs. Only on a socket that has nothing waiting, so that the order stays.
 * @param text one character a byte
 * @returns false: some of it waits, and "drain" comes when that is gone. null: it was not sent, and is to be written the
 *   usual way (another kind of socket, one with something waiting or at its end, a Node that does this otherwise)
 */
export function writeDirect(given: Socket, text: string, binding = BINDING): boolean | null {
  const socket = given as DirectSocket;
  if (binding === null || spare === null || !takesDirect(socket)) return null;
  return settle(socket, binding, (socket._handle as Handle).writeLatin1String(spare, text), null);
}

/**
 * The same with bytes.
 * @param whenFree called when the bytes may be overwritten, unless they may be when this returns
 * @returns as writeDirect; with true and null they may be overwritten
 */
export function writeDirectBytes(
  given: Socket,
  bytes: Uint8Array,
  whenFree: () => void,
  binding = BINDING,
): boolean | null {
  const socket = given as DirectSocket;
  if (binding === null || spare === null || !takesDirect(socket)) return null;
  return settle(socket, binding, (socket._handle as Handle).writeBuffer(spare, bytes), whenFree);
}

/** Whether writeDirect and writeDirectBytes do it now. */
export function takesDirect(socket: DirectSocket): boolean {
  if (BINDING === null) return false;
  if ((socket[STATE] ?? stateOf(socket)) !== "ready") return false;
  return socket.writable && socket.writableLength === 0 && socket.writableCorked === 0;
}

function settle(
  socket: DirectSocket,
  binding: Binding,
  status: number,
  whenFree: (() => void) | null,
): boolean {
  if (status !== 0) {
    failed(socket, status);
    return true;
  }
  if (binding.streamBaseState[binding.kLastWriteWasAsync] === 0) return true;
  socket[STATE] = "waiting";
  (spare as WriteRequest).oncomplete = (outcome) => completed(socket, outcome, whenFree);
  spare = new binding.WriteWrap();
  return false;
}

function stateOf(socket: DirectSocket): State {
  // Its turn may come.
  if (socket.connecting) return "never";
  const isOwn = Object.getPrototypeOf(socket) === Socket.prototype;
  const { writeLatin1String, writeBuffer } = socket._handle ?? {};
  const isKnown = typeof writeLatin1String === "function" && typeof writeBuffer === "function";
  const state = isOwn && isKnown ? "ready" : "never";
  socket[STATE] = state;
  return state;
}

function completed(socket: DirectSocket, status: number, whenFree: (() => void) | null): void {
  socket[STATE] = "ready";
  whenFree?.();
  if (socket.destroyed) return;
  if (status !== 0) failed(socket, status);
  // What was written behind it has a "drain" of its own.
  else if (!socket.writableNeedDrain) socket.emit("drain");
}

function failed(socket: DirectSocket, status: number): void {
  const error = errorOf(status);
  const { [WHEN_LOST]: whenLost } = socket;
  if (whenLost === undefined || (error.code !== "EPIPE" && error.code !== "ECONNRESET")) {
    socket.destroy(error);
    return;
  }
  socket[STATE] = "lost";
  whenLost(error.code);
}

function errorOf(status: number): NodeJS.ErrnoException & { code: string } {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: "write" });
}

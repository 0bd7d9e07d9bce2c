import { lstatSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { bindUnix, type SocketHandle } from "../../base/bound-handle.js";
import { isTaken } from "../../base/unix-socket.js";

/** As nginx makes them: who may reach the folder may connect. */
const MODE = 0o666;

/** The longest that a socket's address takes. */
const PATH_BYTES_MAX = 107;

/**
 * Binds a unix socket beside its place and renames it there: clients never find it missing or closed to them. A socket
 * that a server left behind is replaced, and nothing else.
 * @throws Error when something else is there, or of bind(2) or rename(2)
 */
export async function bindSocketFile(path: string, name: string): Promise<SocketHandle> {
  const aside = `${path}~`;
  rmSync(aside, { force: true });
  const bound = Buffer.byteLength(path) < PATH_BYTES_MAX ? aside : path;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (!found.isSocket()) throw new Error(`${path} is there and is not a socket`);
    if (await isTaken(path)) throw new Error(`another process listens on ${path}`);
    if (bound === path) unlinkSync(path);
  }
  const handle = bindUnix(bound, name, MODE);
  if (bound !== path) renameSync(bound, path);
  return handle;
}

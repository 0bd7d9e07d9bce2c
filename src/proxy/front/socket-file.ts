import { chmodSync, lstatSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { connect } from "node:net";

/** As nginx makes them: who may reach the folder may connect. */
const MODE = 0o666;

/** The longest that a socket's address takes. */
const PATH_BYTES_MAX = 107;

/**
 * The file of one unix socket that this process listens on. It is bound beside its place and renamed there: clients never
 * find it missing or closed to them, and whoever closes the socket does not remove a file that is another's by then.
 */
export class SocketFile {
  /** What to bind. */
  readonly bound: string;
  /** Which file it is; null: none that this process made. */
  private inode: bigint | null = null;

  constructor(private readonly path: string) {
    this.bound = Buffer.byteLength(path) < PATH_BYTES_MAX ? `${path}~` : path;
  }

  /**
   * Looks whether the place is free: a socket that a server left behind may be replaced, and nothing else.
   * @throws Error when it is not
   */
  async check(): Promise<void> {
    rmSync(`${this.path}~`, { force: true });
    const found = lstatSync(this.path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isSocket()) throw new Error(`${this.path} is there and is not a socket`);
    if (await isAnswered(this.path)) throw new Error(`another process listens on ${this.path}`);
    if (this.bound === this.path) unlinkSync(this.path);
  }

  /** The socket is bound: puts it in its place. @throws the error of chmod(2) or rename(2) */
  made(): void {
    chmodSync(this.bound, MODE);
    if (this.bound !== this.path) renameSync(this.bound, this.path);
    this.inode = lstatSync(this.path, { bigint: true }).ino;
  }

  /** Takes the file away, unless another process has put its own in its place. */
  remove(): void {
    try {
      if (lstatSync(this.path, { bigint: true }).ino === this.inode) unlinkSync(this.path);
    } catch {
      // It is gone already.
    }
  }
}

/** Silence counts: a listener may be too busy to take more. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT"),
    );
  });
}

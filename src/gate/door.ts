import { chownSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { listenClosed } from "../base/unix-socket.js";
import { isAnswered } from "../proxy/control.js";

const BACKLOG = 4096;

/** A unix socket that one web server, and no one else, connects to. */
export class Door {
  private readonly server: Server;
  private isOpen = false;
  private owner: number | null = null;

  constructor(
    readonly path: string,
    /** Who the web server's workers are, by number; null: not known yet, and nobody but root may enter. */
    private readonly ownerNow: () => number | null,
    enter: (socket: Socket) => void,
  ) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, enter);
    this.server.on("error", () => {});
  }

  /** @throws Error when another process answers there, or the socket cannot be made */
  async open(): Promise<void> {
    if (await isAnswered(this.path)) throw new Error(`another process answers on ${this.path}`);
    removeQuietly(this.path);
    await listenClosed(this.server, this.path, BACKLOG);
    this.isOpen = true;
    this.giveToOwner();
  }

  /** Who the workers are may show only once the web server runs. */
  giveToOwner(): void {
    const owner = this.isOpen ? this.ownerNow() : null;
    if (owner === null || owner === this.owner) return;
    chownSync(this.path, owner, -1);
    this.owner = owner;
  }

  /** Takes no more; what has entered goes on. */
  close(): void {
    this.server.close();
    if (this.isOpen) removeQuietly(this.path);
    this.isOpen = false;
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or listening will say why it cannot be.
  }
}

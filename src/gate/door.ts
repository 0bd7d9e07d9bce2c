import { chmodSync, chownSync, unlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { isAnswered } from "../proxy/control.js";

const BACKLOG = 4096;

/** A unix socket that one web server, and no one else, connects to. */
export class Door {
  private readonly server: Server;
  private isOpen = false;

  constructor(
    readonly path: string,
    /** The user that the web server's workers are; null: the one that fence is. */
    private readonly owner: number | null,
    enter: (socket: Socket) => void,
  ) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, enter);
    this.server.on("error", () => {});
  }

  /** @throws Error when another process answers there, or the socket cannot be made */
  async open(): Promise<void> {
    if (await isAnswered(this.path)) throw new Error(`another process answers on ${this.path}`);
    removeQuietly(this.path);
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen({ path: this.path, backlog: BACKLOG }, () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    this.isOpen = true;
    chmodSync(this.path, 0o600);
    if (this.owner !== null) chownSync(this.path, this.owner, -1);
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

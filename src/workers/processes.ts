import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { FenceError } from "../base/errors.js";
import { makeFolders } from "../base/folders.js";
import { Exits } from "./exits.js";
import type { KeeperLink } from "./keeper-link.js";
import type { Generation, Kept, SocketFacts, Tags } from "./keeper-types.js";
import { socketOwner } from "./command-line.js";
import type { SocketWish } from "./socket-place.js";
import type { Worker } from "./types.js";

/** Exact of a log of its own folder; one that is there already is left as it is. */
const LOG_FOLDER_MODE = 0o750;
/** Web servers read what is in the folders above it, such as the one of the state. */
const PARENT_MODE = 0o755;

/** What starts and ends processes, by way of the keeper. */
export class Processes {
  readonly exits = new Exits();

  constructor(readonly keeper: KeeperLink) {
    keeper.onExit((exit) => this.exits.take(exit));
  }

  /** @throws FenceError, Error of the keeper */
  async start(
    { number, worker, launch, heeds }: Generation,
    socket: string,
    tags: Pick<Tags, "slot" | "role" | "restarts">,
  ): Promise<Kept> {
    const id = `${worker.name}.${number}.${tags.slot}.${randomBytes(4).toString("hex")}`;
    makeFolders(dirname(worker.log), LOG_FOLDER_MODE, PARENT_MODE);
    void this.exits.expect(id);
    try {
      return await this.keeper.ask("spawn", {
        id,
        command: launch.command,
        cwd: worker.cwd,
        env: launch.env,
        socket,
        socketFd: launch.socketFd,
        log: worker.log,
        tags: { worker: worker.name, generation: number, heeds, proven: false, ...tags },
      });
    } catch (error) {
      this.exits.forget(id);
      throw error;
    }
  }

  /** Changes what is remembered of a process, here and with the keeper. */
  async tag(kept: Kept, change: Partial<Tags>): Promise<void> {
    Object.assign(kept.tags, change);
    await this.keeper.ask("tag", { id: kept.id, tags: kept.tags });
  }

  /** At once, with all of its group. */
  async kill({ id }: Kept): Promise<void> {
    if (!this.exits.isRunning(id)) return;
    const ended = this.exits.expect(id);
    await this.keeper.ask("signal", { id, signal: "SIGKILL", group: true });
    await ended;
  }

  open(name: string, wish: SocketWish, replaces: boolean): Promise<SocketFacts> {
    return this.keeper.ask("open", { name, wish, replaces });
  }
}

/** The socket of a worker, with its owner in numbers. @throws FenceError worker-unfit */
export async function socketWish({
  worker,
  launch,
}: Pick<Generation, "worker" | "launch">): Promise<SocketWish> {
  const { socket, backlog } = worker;
  if (socket.kind === "tcp") return { ...socket, backlog };
  const { uid, gid } = await socketOwner(worker, launch.account);
  return { kind: "unix", path: socket.path, mode: socket.mode, uid, gid, backlog };
}

/** What the keeper calls it: a unix socket is another for each generation. */
export function socketName({ number, worker }: Pick<Generation, "number" | "worker">): string {
  return worker.socket.kind === "unix" ? `${worker.name}@${number}` : worker.name;
}

/** As people write it. */
export function socketText({ socket }: Worker): string {
  if (socket.kind === "unix") return `unix:${socket.path}`;
  return `${socket.address.includes(":") ? `[${socket.address}]` : socket.address}:${socket.port}`;
}

/** A server goes on asking the old place. @throws FenceError worker-unfit */
export function sameSocket(old: Worker, next: Worker): void {
  const [was, now] = [socketText(old), socketText(next)];
  if (now === was) return;
  throw new FenceError("worker-unfit", `worker ${next.name} has another socket now: ${now}, was ${was}`, {
    hint: `fence workers restart ${next.name} moves it; servers must follow.`,
  });
}

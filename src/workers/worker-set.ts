import { Aging } from "./aging.js";
import { launchOf } from "./command-line.js";
import { Crew } from "./crew.js";
import type { Generation, Inventory, Kept, SocketFacts } from "./keeper-types.js";
import type { WorkerLog } from "./log.js";
import { isMoved } from "./log-file.js";
import { removeOrphans, type Orphan } from "./orphans.js";
import { writePidFile } from "./pid-file.js";
import type { Places } from "./places.js";
import { sameSocket, socketName, socketText, socketWish, type Processes } from "./processes.js";
import { retireAll } from "./retire.js";
import { Revival } from "./revival.js";
import { countText, factsOf } from "./set-facts.js";
import { tryOut } from "./trial.js";
import { did, Turn } from "./turn.js";
import type { Outcome, SetFacts, Worker } from "./types.js";

/** One worker of the spec: its socket, the processes that serve, and the change from one generation to the next. */
export class WorkerSet {
  /** As the spec says it now; the next generation is made of it. */
  wanted: Worker;
  private desired: "runs" | "stopped" = "stopped";
  private crew: Crew | null = null;
  private socket: SocketFacts | null = null;
  private number = 0;
  private retiring: Kept[] = [];
  private orphans: readonly Orphan[] = [];
  private readonly turn: Turn;
  private readonly revival: Revival;
  private readonly aging: Aging;

  constructor(
    worker: Worker,
    private readonly processes: Processes,
    private readonly places: Places,
    private readonly log: WorkerLog,
  ) {
    this.wanted = worker;
    this.turn = new Turn(worker.name, log, () => this.number);
    this.revival = new Revival(worker, log, () => this.start());
    this.aging = new Aging(
      () => this.crew?.isAged === true && this.turn.doing === null,
      () => this.recycle(),
      () => this.wanted.restart.longestMs,
    );
  }

  /** Takes over what an earlier supervisor left, and starts what is missing, unless it was stopped. */
  async begin({ processes, sockets, notes }: Inventory, orphans: readonly Orphan[]): Promise<void> {
    const { name } = this.wanted;
    const note = notes[name];
    this.orphans = orphans;
    this.desired = note?.desired ?? "runs";
    this.number = note?.current?.number ?? 0;
    const own = processes.filter(({ tags }) => tags.worker === name);
    for (const kept of own) void this.processes.exits.expect(kept.id);
    const current = note?.current ?? null;
    const isOwn = (socket: SocketFacts): boolean =>
      [name, `${name}#trial`].includes(socket.name) || socket.name.startsWith(`${name}@`);
    const live = current === null ? undefined : sockets.find((one) => one.name === socketName(current));
    for (const socket of sockets.filter(isOwn))
      if (socket !== live) await this.processes.keeper.ask("close", { name: socket.name });
    if (live !== undefined) this.socket = await this.processes.keeper.ask("place", { name: live.name });
    const serving = own.filter(({ tags }) => tags.role === "serves" && tags.generation === current?.number);
    for (const kept of own) if (!serving.includes(kept)) this.clearAway(kept, current?.worker ?? this.wanted);
    if (this.desired === "stopped") return;
    if (current !== null && this.socket !== null && serving.length > 0) {
      this.crew = this.newCrew(current, this.socket);
      this.crew.adopt(serving);
      this.log.info("workers-adopted", { worker: name, pids: serving.map(({ pid }) => pid) });
    } else await this.revival.now();
  }

  /** @returns what became of it; throws nothing but defects */
  start(): Promise<Outcome> {
    return this.turn.take("start", async () => {
      const { crew } = this;
      if (crew?.isWhole === true) return did("already", `${this.wanted.name} runs already`);
      const cut = crew === null ? await this.bringUp() : await this.replace(crew, this.wanted);
      return did("done", countText(this.wanted), cut);
    });
  }

  stop(): Promise<Outcome> {
    this.revival.cancel();
    return this.turn.take("stop", async () => {
      if (this.crew === null && this.socket === null && this.orphans.length === 0) {
        await this.want("stopped");
        return did("already", `${this.wanted.name} is stopped already`);
      }
      await this.want("stopped");
      const old = this.crew;
      // A file that is gone brings no new connections; of a port they go on until the last process is gone.
      await this.closeSocket();
      let cut = await this.dropOrphans();
      if (old !== null) cut += await this.retireCrew(old);
      this.crew = null;
      this.changed();
      return did("done", `${this.wanted.name} is stopped`, cut);
    });
  }

  /** All processes end before the new ones start; what comes meanwhile waits. */
  restart(): Promise<Outcome> {
    return this.turn.take("restart", async () => {
      const next = await this.nextGeneration();
      const old = this.crew;
      if (old !== null && socketText(old.generation.worker) !== socketText(next.worker))
        await this.closeSocket();
      const before = this.socket;
      const socket = await this.openFor(next);
      this.socket = await this.processes.keeper.ask("place", { name: socket.name });
      if (before !== null && before.name !== socket.name)
        await this.processes.keeper.ask("close", { name: before.name });
      let cut = 0;
      if (old !== null) {
        cut += await this.retireCrew(old);
        this.crew = null;
        this.changed();
      }
      try {
        cut += await this.serveWith(next, this.socket);
      } catch (error) {
        // The old ones are gone: it is to run, and is tried again.
        void this.revival.now();
        throw error;
      }
      return did("done", `${countText(this.wanted)} in the place of the old ones`, cut);
    });
  }

  graceful(): Promise<Outcome> {
    return this.turn.take("graceful", async () => {
      const old = this.crew;
      if (old === null) {
        const cut = await this.bringUp();
        return did("done", `${countText(this.wanted)}; there was none to replace`, cut);
      }
      const cut = await this.replace(old, this.wanted);
      return did("done", `${countText(this.wanted)} in the place of ${old.generation.worker.count} old`, cut);
    });
  }

  /**
   * Another file may be in the place of the log. A program's stdout cannot be turned to it from outside, so that others
   * take over, as in `graceful`, but as the spec was when these were started.
   */
  reopen(): Promise<Outcome> {
    return this.turn.take("reopen", async () => {
      const old = this.crew;
      const { name, log } = old?.generation.worker ?? this.wanted;
      if (old?.living.some((kept) => isMoved(kept.log, kept.logFile)) !== true)
        return did("already", `no process of ${name} writes to another file than ${log}`);
      const cut = await this.replace(old, old.generation.worker);
      return did("done", `the processes of ${name} were replaced, and write to ${log}`, cut);
    });
  }

  facts(): SetFacts {
    const { crew, socket, orphans, desired, wanted, number } = this;
    const { doing } = this.turn;
    const retiring = this.retiring.filter(({ id }) => this.processes.exits.isRunning(id));
    const trouble = crew?.trouble ?? this.revival.trouble;
    return factsOf({ crew, socket, retiring, orphans, doing, desired, wanted, number, trouble });
  }

  /** Ends all of it; the set is not used afterwards. */
  async end(): Promise<void> {
    this.letGo();
    await this.stop();
  }

  /** Leaves everything as it is, for the next supervisor. */
  letGo(): void {
    this.turn.close();
    this.revival.cancel();
    this.aging.end();
    this.crew?.end();
  }

  /** A trial, then the socket, then the processes. */
  private async bringUp(): Promise<number> {
    const next = await this.nextGeneration();
    // Two cannot listen on one port: there the orphans must go before.
    const cut = next.worker.socket.kind === "tcp" ? await this.dropOrphans() : 0;
    const wasOpen = this.socket !== null;
    const socket = await this.openFor(next);
    try {
      return cut + (await this.serveWith(next, socket)) + (await this.dropOrphans());
    } catch (error) {
      if (!wasOpen) await this.processes.keeper.ask("close", { name: socket.name });
      throw error;
    }
  }

  /**
   * Clients come to the new processes once each of them has shown that it takes connections; then the old ones end.
   * @returns connections that were cut
   */
  private async serveWith(next: Generation, socket: SocketFacts): Promise<number> {
    const old = this.crew;
    const oldSocket = this.socket;
    const crew = this.newCrew(next, socket);
    try {
      await crew.start();
    } catch (error) {
      if (socket.name !== oldSocket?.name) await this.processes.keeper.ask("close", { name: socket.name });
      throw error;
    }
    old?.end();
    this.crew = crew;
    this.number = next.number;
    // Before it is in its place: the next supervisor puts it there, should this one be killed here.
    await this.want("runs");
    crew.socket = await this.processes.keeper.ask("place", { name: socket.name });
    this.socket = crew.socket;
    if (oldSocket !== null && oldSocket.name !== socket.name)
      await this.processes.keeper.ask("close", { name: oldSocket.name });
    this.changed();
    return old === null ? 0 : this.retireCrew(old);
  }

  /** Others in the place of those that serve, once they have shown that they can. @returns connections that were cut */
  private async replace({ generation }: Crew, worker: Worker): Promise<number> {
    const next = await this.nextGeneration(worker);
    sameSocket(generation.worker, next.worker);
    return this.serveWith(next, await this.openFor(next));
  }

  private async retireCrew(old: Crew): Promise<number> {
    this.retiring = old.living;
    const cut = await old.retireAll();
    this.retiring = [];
    return cut;
  }

  private async dropOrphans(): Promise<number> {
    const { orphans } = this;
    const cut = await removeOrphans(orphans, this.wanted);
    this.orphans = [];
    return cut;
  }

  /** What the spec says, tried out. @throws FenceError */
  private async nextGeneration(worker = this.wanted): Promise<Generation> {
    const launch = await launchOf(worker);
    const untried = { number: this.number + 1, worker, launch, heeds: true };
    return { ...untried, heeds: await tryOut(this.processes, this.places, untried) };
  }

  /** Of a port the one there is; in the place of a unix socket a new one, which is not there yet. */
  private async openFor(next: Generation): Promise<SocketFacts> {
    const wish = await socketWish(next);
    return this.processes.open(socketName(next), wish, this.socket !== null || this.orphans.length > 0);
  }

  private async closeSocket(): Promise<void> {
    const { socket } = this;
    this.socket = null;
    if (socket !== null) await this.processes.keeper.ask("close", { name: socket.name });
  }

  private newCrew(generation: Generation, socket: SocketFacts): Crew {
    return new Crew(generation, socket, this.processes, this.log, () => this.changed());
  }

  private async want(desired: "runs" | "stopped"): Promise<void> {
    this.desired = desired;
    const current = this.crew?.generation ?? null;
    await this.processes.keeper.ask("note", { name: this.wanted.name, note: { desired, current } });
  }

  /** Left behind by a supervisor that was killed in the middle of a change. */
  private clearAway(kept: Kept, worker: Worker): void {
    this.retiring.push(kept);
    const done =
      kept.tags.role === "trial" ? this.processes.kill(kept) : retireAll(this.processes, [kept], worker);
    done.catch((error: Error) => this.log.error("worker-stays", { pid: kept.pid, text: error.message }));
  }

  private changed(): void {
    const pids = this.crew?.living.map(({ pid }) => pid) ?? [];
    writePidFile(this.wanted, this.crew === null ? null : pids, this.log);
  }

  /** All of them: those that go must be in nobody's way, and one queue is shared by all. */
  private recycle(): Promise<Outcome> {
    return this.turn.take("recycle", async () => {
      const { crew, wanted } = this;
      const cut = crew === null ? 0 : await this.replace(crew, crew.generation.worker);
      return did(
        "done",
        `the processes of ${wanted.name} were as old as they may get, and are replaced`,
        cut,
      );
    });
  }
}

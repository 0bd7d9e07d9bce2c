import { wallMs } from "../base/clock.js";
import type { Generation, Kept, SocketFacts } from "./keeper-types.js";
import { lastWords } from "./last-words.js";
import type { WorkerLog } from "./log.js";
import type { Processes } from "./processes.js";
import { ageMs } from "../base/process-info.js";
import { proveTaking } from "./proof.js";
import { afterEnd, endText, LONG_LIVED_MS, type Ending } from "./restart-policy.js";
import { retireAll } from "./retire.js";
import { disarm, newSlot, type Slot } from "./slot.js";
import type { Trouble } from "./types.js";

/** The processes of one generation that serve, kept at their number: one that dies is started anew. */
export class Crew {
  readonly slots: Slot[];
  trouble: Trouble | null = null;
  private isOver = false;
  private readonly lives = new Set<NodeJS.Timeout>();

  constructor(
    readonly generation: Generation,
    /** That it accepts from; another object when it has come to its place. */
    public socket: SocketFacts,
    private readonly processes: Processes,
    private readonly log: WorkerLog,
    private readonly onChange: () => void,
  ) {
    this.slots = Array.from({ length: generation.worker.count }, (_, index) => newSlot(index));
  }

  get living(): Kept[] {
    return this.slots.flatMap(({ process }) => (process === null ? [] : [process]));
  }

  /** Starts all, and waits until each takes connections. @throws FenceError; then none of them is left */
  async start(): Promise<void> {
    try {
      const starts = this.slots.map((slot) => this.startIn(slot));
      // One that cannot be started leaves none behind that is on its way.
      await Promise.allSettled(starts);
      const started = await Promise.all(starts);
      await proveTaking(this.processes, this.generation, this.socket, started);
      // From here on each is kept alive; one that has died meanwhile, too.
      for (const slot of this.slots) this.watch(slot);
    } catch (error) {
      await this.retireAll();
      throw error;
    }
    this.onChange();
  }

  /** Takes over processes that serve already. */
  adopt(serving: readonly Kept[]): void {
    for (const kept of serving) {
      const free = this.slots.find(({ index, process }) => process === null && index === kept.tags.slot);
      const slot = free ?? newSlot(this.slots.length);
      if (free === undefined) this.slots.push(slot);
      slot.process = kept;
      slot.restarts = kept.tags.restarts;
      void this.processes.exits.expect(kept.id);
      this.watch(slot);
      if (!kept.tags.proven) this.prove(slot, kept);
    }
    for (const slot of this.slots) if (slot.process === null) this.schedule(slot, 0);
    this.onChange();
  }

  /** Starts no more. @returns how many connections were ended with their process */
  async retireAll(): Promise<number> {
    this.end();
    return retireAll(this.processes, this.living, this.generation.worker);
  }

  /** There are as many as there should be, and no pause before another. */
  get isWhole(): boolean {
    return this.living.length >= this.generation.worker.count;
  }

  /** One of them is older than it may get. */
  get isAged(): boolean {
    const { ageMaxMs } = this.generation.worker;
    return ageMaxMs !== null && this.living.some(({ start }) => ageMs(start) > ageMaxMs);
  }

  end(): void {
    this.isOver = true;
    disarm(this.slots);
    for (const timer of this.lives) clearTimeout(timer);
  }

  private async startIn(slot: Slot): Promise<Kept> {
    const { index, restarts } = slot;
    const kept = await this.processes.start(this.generation, this.socket.name, {
      slot: index,
      role: "serves",
      restarts,
    });
    slot.process = kept;
    return kept;
  }

  private watch(slot: Slot): void {
    const { process } = slot;
    if (process === null) return;
    void this.processes.exits.expect(process.id).then((ending) => this.ended(slot, process, ending));
    if (process.tags.proven && this.processes.exits.isRunning(process.id)) this.expectLife(slot, process);
  }

  private expectLife(slot: Slot, process: Kept): void {
    const timer = setTimeout(() => {
      this.lives.delete(timer);
      if (slot.process === process) this.hasLived(slot);
    }, LONG_LIVED_MS);
    this.lives.add(timer);
  }

  /** Of a place that was filled anew: a process that never takes a connection is as good as dead. */
  private prove(slot: Slot, kept: Kept): void {
    proveTaking(this.processes, this.generation, this.socket, [kept]).then(
      () => {
        this.expectLife(slot, kept);
        this.onChange();
      },
      (error: Error) => {
        if (slot.process !== kept || this.isOver) return;
        this.log.warn("worker-idle", { ...this.nameOf(kept), text: error.message });
        void this.processes.kill(kept).catch(() => {});
      },
    );
  }

  private ended(slot: Slot, kept: Kept, ending: Ending): void {
    if (slot.process !== kept) return;
    slot.process = null;
    if (this.isOver || !this.slots.includes(slot)) return;
    const { worker } = this.generation;
    const verdict = afterEnd(slot, ending, worker.restart, kept.tags.proven);
    slot.failures = verdict.failures;
    if (verdict.failures > 0) this.note(kept, ending, verdict.opensBreaker);
    const pauseMs = this.trouble?.breakerOpen === true ? worker.restart.longestMs : verdict.pauseMs;
    this.log.info("worker-ended", { ...this.nameOf(kept), how: endText(ending), nextInMs: pauseMs });
    this.schedule(slot, pauseMs);
    this.onChange();
  }

  private note(kept: Kept, ending: Ending, opensBreaker: boolean): void {
    const before = this.trouble;
    this.trouble = {
      sinceMs: before?.sinceMs ?? wallMs(),
      why: endText(ending),
      lastWords: lastWords(kept.log, kept.logFrom),
      deaths: (before?.deaths ?? 0) + 1,
      breakerOpen: before?.breakerOpen === true || opensBreaker,
    };
    if (opensBreaker && before?.breakerOpen !== true)
      this.log.error("breaker-opened", { worker: this.generation.worker.name, why: this.trouble.why });
  }

  private schedule(slot: Slot, pauseMs: number): void {
    if (slot.timer !== null) clearTimeout(slot.timer);
    slot.timer = setTimeout(() => {
      slot.timer = null;
      void this.refill(slot);
    }, pauseMs);
  }

  private async refill(slot: Slot): Promise<void> {
    if (this.isOver || slot.process !== null) return;
    const { longestMs } = this.generation.worker.restart;
    // While the breaker is open one at a time shows whether it is worth it.
    if (this.trouble?.breakerOpen === true && this.slots.some((other) => isOnTrial(other)))
      return this.schedule(slot, longestMs);
    slot.restarts += 1;
    try {
      const kept = await this.startIn(slot);
      if (this.isOver) return void (await retireAll(this.processes, [kept], this.generation.worker));
      this.watch(slot);
      this.prove(slot, kept);
    } catch (error) {
      this.log.error("worker-failed", {
        worker: this.generation.worker.name,
        text: (error as Error).message,
      });
      if (!this.isOver) this.schedule(slot, longestMs);
    }
    this.onChange();
  }

  /** A place whose process lives is well again; when all are, the set is. */
  private hasLived(slot: Slot): void {
    slot.failures = 0;
    const wasOpen = this.trouble?.breakerOpen === true;
    if (wasOpen && this.trouble !== null) {
      this.trouble = { ...this.trouble, breakerOpen: false };
      for (const other of this.slots) if (other.process === null) this.schedule(other, 0);
    }
    if (this.slots.every(({ failures }) => failures === 0)) this.trouble = null;
    this.onChange();
  }

  private nameOf({ pid, tags }: Kept) {
    return { worker: tags.worker, pid, generation: tags.generation };
  }
}

/** Started since deaths in a row, and not yet known to live. */
function isOnTrial({ process, failures }: Slot): boolean {
  return process !== null && failures > 0;
}

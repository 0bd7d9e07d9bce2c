import { FenceError } from "../base/errors.js";
import { endsWithin, processInfo } from "../base/process-info.js";
import { orphansIn, readRecord } from "./orphans.js";
import type { WorkerLog } from "./log.js";
import type { Places } from "./places.js";
import type { Processes } from "./processes.js";
import type { Outcome, SetFacts, Worker } from "./types.js";
import { WorkerSet } from "./worker-set.js";

const KEEPER_END_MS = 10_000;

/** Reads the spec anew. @throws FenceError as every command does */
export type LoadWorkers = () => Promise<readonly Worker[]>;

export const COMMANDS = ["start", "stop", "restart", "graceful", "reopen"] as const;
export type SetCommand = (typeof COMMANDS)[number];

/** All workers of a spec. It decides; the keeper has the sockets and the processes, and outlives it. */
export class Supervisor {
  private readonly sets = new Map<string, WorkerSet>();
  /** Null until it has answered. */
  keeper: { pid: number } | null = null;
  /** Each set was started once, well or not. */
  isReady = false;

  constructor(
    private readonly processes: Processes,
    private readonly places: Places,
    private readonly log: WorkerLog,
    private readonly load: LoadWorkers,
  ) {}

  /** Takes over what is there and starts the rest; resolves when each set runs, or has failed once. */
  async begin(workers: readonly Worker[]): Promise<void> {
    // Before the keeper writes its own.
    const record = readRecord(this.places.record);
    const listed = await this.processes.keeper.ask("list", null);
    const orphans = await orphansIn(record, listed.pid);
    // What was stopped before the keeper was killed stays so.
    const inventory = { ...listed, notes: { ...record?.notes, ...listed.notes } };
    this.keeper = { pid: inventory.pid };
    const gone = Object.values(inventory.notes).flatMap(({ current }) =>
      current !== null && !workers.some(({ name }) => name === current.worker.name) ? [current.worker] : [],
    );
    for (const worker of [...workers, ...gone]) this.add(worker);
    await Promise.all(
      [...this.sets].map(([name, set]) =>
        set.begin(
          inventory,
          orphans.filter(({ tags }) => tags.worker === name),
        ),
      ),
    );
    this.isReady = true;
  }

  /** @param name null: all @throws FenceError unknown-worker, or what is wrong with the spec */
  async command(command: SetCommand, name: string | null): Promise<Outcome[]> {
    // What is to end need not be in a spec that can be read.
    if (command !== "stop") await this.refresh();
    const chosen = this.chosen(name);
    return Promise.all(chosen.map((set) => set[command]()));
  }

  /** Empty until the keeper has answered. @param name null: all @throws FenceError unknown-worker */
  facts(name: string | null): SetFacts[] {
    return this.keeper === null ? [] : this.chosen(name).map((set) => set.facts());
  }

  /** Ends all workers, then the keeper; resolves when it is gone, with all files it had open. */
  async end(): Promise<void> {
    await Promise.all([...this.sets.values()].map((set) => set.end()));
    const pid = this.keeper?.pid ?? 0;
    const start = processInfo(pid)?.start ?? "";
    const ends = await this.processes.keeper.ask("end", null);
    if (!ends || !(await endsWithin(pid, start, KEEPER_END_MS)))
      this.log.error("keeper-stays", { keeper: pid });
  }

  /** Leaves all as it is, for the next supervisor. */
  letGo(): void {
    for (const set of this.sets.values()) set.letGo();
  }

  private async refresh(): Promise<void> {
    for (const worker of await this.load()) {
      const had = this.sets.get(worker.name);
      if (had === undefined) this.add(worker);
      else had.wanted = worker;
    }
  }

  private add(worker: Worker): void {
    this.sets.set(worker.name, new WorkerSet(worker, this.processes, this.places, this.log));
  }

  private chosen(name: string | null): WorkerSet[] {
    if (name === null) return [...this.sets.values()];
    const found = this.sets.get(name);
    if (found !== undefined) return [found];
    const known = [...this.sets.keys()].join(", ");
    throw new FenceError("unknown-worker", `there is no worker named ${name}`, {
      hint: known === "" ? "The spec has no [worker.NAME]." : `The workers are ${known}.`,
    });
  }
}

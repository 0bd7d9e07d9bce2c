import { monotonicMs } from "../../base/clock.js";
import { servedListens, type ProxyConfig } from "../configuration.js";
import { listenName } from "../front/listener.js";
import type { Log } from "../log.js";
import type { MetricsSnapshot } from "../metrics/snapshot.js";
import type { ReloadFacts, StatusReport, SyncReport, WorkerFacts } from "../status.js";
import { TIMEOUTS_SEC } from "../timeouts.js";
import { deliveryOf, makeAccessLog } from "./delivery.js";
import { PROTOCOL, type Delivery, type Identity, type Question } from "./messages.js";
import type { Serving, StopHow } from "./serving.js";
import type { BoundSockets } from "./sockets.js";
import { sumOf } from "./sum.js";
import { WorkerProcess } from "./worker-process.js";

const START_MS = 30_000;
const PREPARE_MS = 15_000;
/** Below what fence waits for an answer of the control socket. */
const ANSWER_MS = 1500;
/** Of a worker that died: the first pause before the next one, doubled each time. */
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 5000;
/** One that lived so long did not die of its start. */
const LONG_LIVED_MS = 10_000;

export interface SupervisorOptions {
  /** Where the document is, for messages. */
  file: string;
  identity: Identity | null;
  accessLog: boolean;
}

/** One place in the row of workers: a worker, or the pause before the next one. */
interface Place {
  worker: WorkerProcess | null;
  /** Settles when the worker serves, or never will. */
  ready: Promise<boolean>;
  isReady: boolean;
  restarts: number;
  /** Deaths in a row, each soon after the start. */
  failures: number;
}

/**
 * Several workers, or one that is another user than root. This process has the sockets and listens on none: it answers
 * for its workers, starts those that die anew, and hands every question to all. What comes on a socket waits in the
 * system while no worker is there to take it.
 */
export class Supervisor implements Serving {
  private readonly places: Place[] = [];
  private readonly startedMs = monotonicMs();
  private facts: ReloadFacts;
  private isStopping = false;
  /** What changes the workers' config or number comes one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private config: ProxyConfig,
    private readonly log: Log,
    private readonly bound: BoundSockets,
    private readonly options: SupervisorOptions,
  ) {
    this.facts = { configSha256: config.sha256, reloads: 0, reloadsFailed: 0, reloadProblem: null };
  }

  async start(): Promise<void> {
    const delivery = deliveryOf(this.config, this.options.file);
    for (const listen of servedListens(this.config)) await this.bound.handleFor(listen);
    makeAccessLog(this.config, this.options.identity);
    const { workers } = this.config.server;
    try {
      await Promise.all(Array.from({ length: workers }, () => this.add(delivery)));
    } catch (error) {
      this.isStopping = true;
      for (const { worker } of this.places) worker?.kill("SIGKILL");
      this.bound.closeAll();
      throw error;
    }
  }

  async sync(site: string): Promise<SyncReport | null> {
    const wanted = this.places.filter(({ worker }) => worker !== null);
    const answers = await Promise.all(wanted.map((place) => this.askOf(place, { ask: "sync", site })));
    const reports = answers.filter((answer) => answer !== "gone" && answer !== "silent");
    const known = reports.filter((report) => report !== null);
    if (reports.length > 0 && known.length === 0) return null;
    const sum = sumOf(known);
    if (sum === null) throw new Error("no worker serves");
    const synced = sum.synced && !answers.includes("silent") && reports.length === known.length;
    return { ...sum, pid: process.pid, synced };
  }

  async status(): Promise<StatusReport> {
    const asked = this.places.map((place) => this.askOf(place, { ask: "status" }));
    const reports = (await Promise.all(asked)).filter((answer) => answer !== "gone" && answer !== "silent");
    const workers = this.places.map(({ worker, isReady, restarts }) => {
      const own = reports.find(({ pid }) => pid === worker?.pid);
      const state: WorkerFacts["state"] =
        worker === null ? "ended" : !isReady ? "starting" : own === undefined ? "silent" : "serves";
      return { pid: worker?.pid ?? null, state, restarts, connections: own?.connections ?? null };
    });
    const sum = sumOf(reports);
    const uptimeSec = Math.floor((monotonicMs() - this.startedMs) / 1000);
    const own = { ...this.facts, pid: process.pid, uptimeSec, stopping: this.isStopping, workers };
    const nothing = {
      server: this.config.server.name,
      connections: 0,
      sites: [],
      queues: [],
      names: [],
      backends: [],
    };
    return { ...nothing, ...sum, ...own };
  }

  /** All workers take it, or none does. */
  reload(config: ProxyConfig): Promise<void> {
    return this.inTurn(() => this.reloadAll(config));
  }

  reloadFailed(problem: string): void {
    this.facts = { ...this.facts, reloadsFailed: this.facts.reloadsFailed + 1, reloadProblem: problem };
  }

  async metrics(): Promise<MetricsSnapshot[]> {
    const asked = await Promise.all(this.places.map((place) => this.askOf(place, { ask: "metrics" })));
    return asked.filter((answer) => answer !== "gone" && answer !== "silent");
  }

  reopenLogs(): void {
    makeAccessLog(this.config, this.options.identity);
    for (const { worker, isReady } of this.places)
      if (isReady) worker?.ask({ ask: "reopen" }, ANSWER_MS).catch(() => {});
  }

  sockets() {
    const { fds, names } = this.bound;
    return { fds, names };
  }

  async stop(how: StopHow): Promise<void> {
    this.isStopping = true;
    // With the last descriptor a socket refuses connections, instead of letting them wait for nobody.
    this.bound.closeAll();
    const limitSec = how === "end" ? TIMEOUTS_SEC.shutdown : TIMEOUTS_SEC.retire;
    const workers = this.places.flatMap(({ worker }) => (worker === null ? [] : [worker]));
    await Promise.all(
      workers.map(async (worker) => {
        worker.ask({ ask: "stop", how }, ANSWER_MS).catch(() => worker.kill("SIGTERM"));
        const hard = setTimeout(() => worker.kill("SIGKILL"), (limitSec + 5) * 1000);
        await worker.ended;
        clearTimeout(hard);
      }),
    );
  }

  /** At once, for whoever asks a second time. */
  kill(): void {
    for (const { worker } of this.places) worker?.kill("SIGKILL");
  }

  private async reloadAll(config: ProxyConfig): Promise<void> {
    const delivery = deliveryOf(config, this.options.file);
    makeAccessLog(config, this.options.identity);
    const had = new Set(this.bound.names);
    const added = servedListens(config).filter((listen) => !had.has(listenName(listen)));
    const workers = this.places.flatMap(({ worker, isReady }) =>
      worker !== null && isReady ? [worker] : [],
    );
    try {
      for (const listen of added) await this.bound.handleFor(listen);
      await Promise.all(
        workers.map(async (worker) => {
          await this.sendSockets(worker, added.map(listenName), added);
          await worker.ask({ ask: "prepare", delivery }, PREPARE_MS);
        }),
      );
    } catch (error) {
      await Promise.allSettled(workers.map((worker) => worker.ask({ ask: "abandon" }, ANSWER_MS)));
      for (const listen of added) if (this.bound.names.includes(listenName(listen))) this.bound.close(listen);
      throw error;
    }
    const before = this.config;
    this.config = config;
    const { reloads } = this.facts;
    this.facts = { ...this.facts, configSha256: config.sha256, reloads: reloads + 1, reloadProblem: null };
    const outcomes = await Promise.allSettled(
      workers.map((worker) => worker.ask({ ask: "commit" }, ANSWER_MS)),
    );
    // One that has not taken what it had said it would must not serve on by the old config: its place gets a new one.
    outcomes.forEach(({ status }, at) => status === "rejected" && workers[at]?.kill("SIGKILL"));
    const kept = new Set(servedListens(config).map(listenName));
    for (const listen of servedListens(before)) if (!kept.has(listenName(listen))) this.bound.close(listen);
  }

  /** @throws Error when the worker cannot be started, or does not serve in time */
  private async add(delivery: Delivery): Promise<void> {
    const place: Place = {
      worker: null,
      ready: Promise.resolve(false),
      isReady: false,
      restarts: 0,
      failures: 0,
    };
    this.places.push(place);
    await this.fill(place, delivery);
  }

  private async fill(place: Place, delivery: Delivery): Promise<void> {
    const worker = new WorkerProcess();
    place.worker = worker;
    place.isReady = false;
    const serves = this.bringUp(worker, delivery);
    place.ready = serves.then(
      () => (place.isReady = true),
      () => false,
    );
    void worker.ended.then((how) => this.refill(place, worker, how));
    try {
      await serves;
    } catch (error) {
      worker.kill("SIGKILL");
      throw error;
    }
  }

  private async bringUp(worker: WorkerProcess, delivery: Delivery): Promise<void> {
    const { identity, accessLog } = this.options;
    const listens = servedListens(this.config);
    await this.sendSockets(worker, this.bound.names, listens);
    await worker.ask({ ask: "start", protocol: PROTOCOL, delivery, identity, accessLog }, START_MS);
  }

  private async sendSockets(
    worker: WorkerProcess,
    names: readonly string[],
    listens: ReturnType<typeof servedListens>,
  ): Promise<void> {
    for (const listen of listens) {
      const name = listenName(listen);
      if (names.includes(name))
        await worker.ask({ ask: "socket", name }, START_MS, await this.bound.handleFor(listen));
    }
  }

  /** A worker has ended: its connections are lost with it, those of the others are not, and another takes its place. */
  private async refill(place: Place, worker: WorkerProcess, how: string): Promise<void> {
    const livedMs = monotonicMs() - worker.startedMs;
    place.worker = null;
    place.isReady = false;
    if (this.isStopping) return;
    place.failures = livedMs > LONG_LIVED_MS ? 0 : place.failures + 1;
    const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.max(0, place.failures - 1));
    this.log.error("worker-ended", { worker: worker.pid, how, nextInMs: pauseMs });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    await this.inTurn(async () => {
      if (this.isStopping) return;
      place.restarts += 1;
      try {
        await this.fill(place, deliveryOf(this.config, this.options.file));
        this.log.info("worker-started", { worker: place.worker?.pid ?? null });
      } catch (error) {
        this.log.error("worker-failed", { text: (error as Error).message });
      }
    });
  }

  /** "gone": it does not serve any more. "silent": it may, and has not answered in time. */
  private async askOf<Q extends Question & { ask: "sync" | "status" | "metrics" }>(
    place: Place,
    question: Q,
  ) {
    const { worker } = place;
    if (worker === null) return "gone";
    const deadline = monotonicMs() + ANSWER_MS;
    const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), ANSWER_MS).unref());
    // One that is being started may have read the disk before the change that is asked about.
    const ready = await Promise.race([place.ready, late]);
    if (ready === "late") return "silent";
    if (!ready) return "gone";
    try {
      return await worker.ask(question, Math.max(1, deadline - monotonicMs()));
    } catch {
      return worker.isGone ? "gone" : "silent";
    }
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.turn.then(act);
    this.turn = done.catch(() => {});
    return done;
  }
}

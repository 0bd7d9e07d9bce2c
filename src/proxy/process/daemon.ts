import { readFileSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { sleep, waitUntil } from "../../base/clock.js";
import { writeAtomic } from "../../base/durable.js";
import { makeFolders } from "../../base/folders.js";
import type { ProxyConfig } from "../configuration.js";
import { Control, isAnswered, type ControlAnswers } from "../control.js";
import type { Log } from "../log.js";
import { readDocument } from "./document.js";
import { notifySystemd } from "./notify.js";
import { renderMetrics } from "../metrics/exposition.js";
import { MetricsListener } from "../metrics/metrics-listener.js";
import { Retiring } from "./retiring.js";
import type { Serving } from "./serving.js";
import type { BoundSockets } from "./sockets.js";
import { handOver } from "./successor.js";

const RUN_FOLDER_MODE = 0o700;
/** Other servers have sockets of their own in the folder above it. */
const PARENT_MODE = 0o755;
/** From being ready until the predecessor says so; then it has given up. */
const TAKE_OVER_MS = 60_000;
/** Until the predecessor has closed its listener for metrics. */
const METRICS_MS = 5000;
const LOOK_MS = 50;

export interface DaemonOptions {
  file: string;
  config: ProxyConfig;
  log: Log;
  bound: BoundSockets;
  serving: Serving;
  /** The proxy to take over from; null: there is none. */
  predecessor: number | null;
}

/** The process around what serves: the control socket, the pid file, and the change from one process to the next. */
export class Daemon {
  /** Resolves when another process has taken over. */
  readonly replaced: Promise<void>;
  private readonly control: Control;
  private readonly metrics: MetricsListener;
  private readonly retiring: Retiring;
  private readonly env = { ...process.env };
  private isInPlace = false;
  private isReady = false;
  private isHandingOver = false;
  private isReplaced = false;
  private leave = (): void => {};

  constructor(private readonly options: DaemonOptions) {
    const { controlSocket } = options.config;
    this.retiring = new Retiring(controlSocket);
    this.replaced = new Promise((resolve) => (this.leave = resolve));
    const answers: ControlAnswers = {
      sync: (site) => this.sync(site),
      status: () => this.status(),
      upgrade: () => this.upgrade(),
      takeOver: (from) => this.takeOver(from),
      metrics: () => this.metricsText(),
    };
    this.control = new Control(controlSocket, answers);
    this.metrics = new MetricsListener(() => this.metricsText());
  }

  /** @throws whatever stands against it: then nothing listens any more */
  async start(): Promise<void> {
    const { config, predecessor, serving, log } = this.options;
    makeFolders(dirname(config.controlSocket), RUN_FOLDER_MODE, PARENT_MODE);
    if (predecessor === null && (await isAnswered(config.controlSocket)))
      throw new Error(`another proxy answers on ${config.controlSocket}`);
    await serving.start();
    try {
      await this.control.openAside();
      if (predecessor === null) (await this.metrics.prepare(config.server.metrics)).commit();
      this.isReady = true;
      if (predecessor === null) this.takePlace();
      else await this.waitForPlace(predecessor);
    } catch (error) {
      this.control.close();
      this.metrics.close();
      await serving.stop("end");
      throw error;
    }
    log.info("started", { pid: process.pid });
    if (predecessor !== null) await this.takeMetrics();
    await this.notify("READY=1", `MAINPID=${process.pid}`);
  }

  /** What SIGHUP is for. */
  async reload(): Promise<void> {
    const { serving, log, file, config } = this.options;
    await this.notify("RELOADING=1");
    try {
      const next = readDocument(file);
      refuseRestart(config, next);
      const listener = await this.metrics.prepare(next.server.metrics);
      try {
        await serving.reload(next);
      } catch (error) {
        listener.abandon();
        throw error;
      }
      listener.commit();
      log.info("reloaded", {});
    } catch (error) {
      const { message } = error as Error;
      serving.reloadFailed(message);
      log.error("reload-failed", { text: message });
    }
    await this.notify("READY=1");
  }

  reopenLogs(): void {
    this.options.serving.reopenLogs();
  }

  async stop(): Promise<void> {
    const { serving, log, config, bound } = this.options;
    log.info(this.isReplaced ? "retiring" : "stopping", {});
    if (this.isReplaced) bound.handedOver();
    else await this.notify("STOPPING=1");
    this.metrics.close();
    await serving.stop(this.isReplaced ? "retire" : "end");
    this.control.close();
    removeOwn(config.server.pidFile);
    log.info("stopped", {});
  }

  private async sync(site: string): Promise<object | null> {
    const own = await this.options.serving.sync(site);
    return own === null ? null : this.retiring.sync(site, own);
  }

  private async status(): Promise<object> {
    const [own, retiring] = await Promise.all([this.options.serving.status(), this.retiring.facts()]);
    return { ...own, ready: this.isReady, retiring };
  }

  private async metricsText(): Promise<string> {
    return renderMetrics(await this.options.serving.metrics());
  }

  /** The predecessor has their address until it knows that it is replaced. Without them a proxy still serves. */
  private async takeMetrics(): Promise<void> {
    const { config, log } = this.options;
    let problem = "";
    const look = async (): Promise<true | null> => {
      try {
        (await this.metrics.prepare(config.server.metrics)).commit();
        return true;
      } catch (error) {
        problem = (error as Error).message;
        return null;
      }
    };
    const done = await waitUntil(look, { timeoutMs: METRICS_MS, intervalMs: LOOK_MS });
    if (done === null) log.error("metrics-failed", { text: problem });
  }

  private async upgrade(): Promise<object> {
    const { serving, config, log } = this.options;
    if (!this.isInPlace || this.isHandingOver || this.isReplaced)
      throw new Error("it is being replaced already");
    this.isHandingOver = true;
    let isAside = false;
    try {
      const stepAside = (): void => {
        isAside = true;
        this.control.stepAside();
      };
      const { controlSocket } = config;
      const pid = await handOver({ controlSocket, ...serving.sockets(), stepAside });
      log.info("replaced", { by: pid });
      this.isReplaced = true;
      // Only when the answer is out.
      setTimeout(this.leave, LOOK_MS);
      return { pid, from: process.pid };
    } catch (error) {
      log.error("upgrade-failed", { text: (error as Error).message });
      if (isAside) this.takeBack();
      throw error;
    } finally {
      this.isHandingOver = false;
    }
  }

  private takeBack(): void {
    this.control.stepBack();
    writeAtomic(this.options.config.server.pidFile, `${process.pid}\n`, { mode: 0o644 });
  }

  private takeOver(from: number): object {
    if (from !== this.options.predecessor || this.isInPlace) throw new Error("that is not its predecessor");
    this.retiring.add(from);
    this.takePlace();
    return { pid: process.pid };
  }

  private takePlace(): void {
    this.control.show();
    writeAtomic(this.options.config.server.pidFile, `${process.pid}\n`, { mode: 0o644 });
    this.isInPlace = true;
  }

  /** The predecessor says when; should it end before, nobody else is there to serve. */
  private async waitForPlace(predecessor: number): Promise<void> {
    const look = (): true | null => {
      if (!this.isInPlace && process.ppid !== predecessor) this.takePlace();
      return this.isInPlace ? true : null;
    };
    if ((await waitUntil(look, { timeoutMs: TAKE_OVER_MS, intervalMs: LOOK_MS })) === null)
      throw new Error(`process ${predecessor} did not let it take over`);
    // Its answer goes out before anything else keeps this process busy.
    await sleep(0);
  }

  private notify(...lines: string[]): Promise<void> {
    return notifySystemd(this.env, lines);
  }
}

/** What a process cannot change of itself. @throws Error */
function refuseRestart(now: ProxyConfig, next: ProxyConfig): void {
  const changed = (["workers", "user", "pidFile"] as const).filter(
    (key) => now.server[key] !== next.server[key],
  );
  const what = [...changed, ...(now.controlSocket === next.controlSocket ? [] : ["controlSocket"])];
  if (what.length > 0)
    throw new Error(`${what.join(" and ")} changed, which takes a new process: fence proxy upgrade`);
}

/** Not another's: a proxy that took over has written its own number by now. */
function removeOwn(pidFile: string): void {
  try {
    if (readFileSync(pidFile, "latin1").trim() === String(process.pid)) unlinkSync(pidFile);
  } catch {
    // It is gone already.
  }
}

import { spawn, type ChildProcess, type SendHandle } from "node:child_process";
import { ownProgram } from "../../base/own-files.js";
import { monotonicMs } from "../../base/clock.js";
import { programEnv } from "../../base/run.js";
import type { Answered, Answers, Question } from "./messages.js";
import type { SocketHandle } from "../../base/bound-handle.js";

const PROGRAM = ownProgram("proxy/process/worker-main.js");
/** What tunes Node, and where bodies are kept; a secret of whoever started the proxy is none of a worker's business. */
const ENV_KEPT = ["NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "TMPDIR", "UV_THREADPOOL_SIZE"];

interface Waiting {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** One worker, as its supervisor sees it. */
export class WorkerProcess {
  readonly pid: number;
  readonly startedMs = monotonicMs();
  /** Resolves when the process is gone, with how it ended. */
  readonly ended: Promise<string>;
  isGone = false;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** @throws Error when no process can be started */
  constructor() {
    this.child = spawn(process.execPath, [...process.execArgv, PROGRAM], {
      env: programEnv(ENV_KEPT),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.pid = this.child.pid ?? 0;
    this.child.on("message", (message) => this.take(message as Answered));
    this.ended = new Promise((resolve) => {
      this.child.once("error", ({ message }) => this.leave(message, resolve));
      this.child.once("exit", (code, signal) =>
        this.leave(signal === null ? `code ${code ?? "unknown"}` : signal, resolve),
      );
    });
  }

  /** @throws Error the problem that it tells; or that it is gone, or has not answered in time */
  ask<Q extends Question>(question: Q, timeoutMs: number, handle?: SocketHandle): Promise<Answers[Q["ask"]]> {
    return new Promise((resolve, reject) => {
      if (this.isGone) return reject(this.gone());
      this.lastId += 1;
      const id = this.lastId;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`worker ${this.pid} has not answered within ${timeoutMs} ms`));
      }, timeoutMs);
      this.waiting.set(id, { resolve, reject, timer });
      // What is sent along is what node:cluster sends: a socket that nobody listens on.
      this.child.send({ ...question, id }, handle as unknown as SendHandle | undefined, (error) => {
        if (error !== null) this.settle(id, (one) => one.reject(this.gone()));
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private take(answer: Answered): void {
    this.settle(answer.id, (one) => {
      if ("problem" in answer) one.reject(new Error(answer.problem));
      else one.resolve(answer.value as never);
    });
  }

  private settle(id: number, how: (one: Waiting) => void): void {
    const one = this.waiting.get(id);
    if (one === undefined) return;
    this.waiting.delete(id);
    clearTimeout(one.timer);
    how(one);
  }

  private leave(how: string, resolve: (how: string) => void): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const id of [...this.waiting.keys()]) this.settle(id, (one) => one.reject(this.gone()));
    resolve(how);
  }

  private gone(): Error {
    return new Error(`worker ${this.pid} has ended`);
  }
}

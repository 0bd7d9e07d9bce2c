import { sideSocket } from "../control.js";
import type { StatusReport, SyncReport } from "../status.js";
import { askControl } from "./ask-control.js";
import { sumOf } from "./sum.js";

/** Below what fence waits for an answer of the control socket. */
const ANSWER_MS = 1500;

/**
 * Processes that this one has taken over from. Until their last request has ended they are workers like any other: they
 * have requests at the backends, and a switch of mode must reach them.
 */
export class Retiring {
  private readonly pids = new Set<number>();

  constructor(private readonly controlSocket: string) {}

  add(pid: number): void {
    this.pids.add(pid);
  }

  /** @param own what this process reports itself */
  async sync(site: string, own: SyncReport): Promise<SyncReport> {
    const path = `/sync?site=${encodeURIComponent(site)}`;
    const answers = await this.ask<SyncReport>("POST", path);
    const sum = sumOf([own, ...answers.flatMap(({ answer }) => (answer === null ? [] : [answer]))]) ?? own;
    const synced = sum.synced && answers.every(({ answer }) => answer !== null);
    return { ...sum, pid: own.pid, synced };
  }

  async facts(): Promise<NonNullable<StatusReport["retiring"]>> {
    const answers = await this.ask<StatusReport>("GET", "/status");
    return answers.map(({ pid, answer }) => ({ pid, connections: answer?.connections ?? null }));
  }

  /** Those that have ended are forgotten; null: it lives and has not answered. */
  private async ask<T>(method: "GET" | "POST", path: string): Promise<{ pid: number; answer: T | null }[]> {
    const all = [...this.pids].map(async (pid) => {
      const socket = sideSocket(this.controlSocket, pid);
      const answer = await askControl<T>(socket, method, path, ANSWER_MS).catch(() => null);
      return { pid, answer };
    });
    const answers = await Promise.all(all);
    return answers.filter(({ pid, answer }) => {
      if (answer !== null || lives(pid)) return true;
      this.pids.delete(pid);
      return false;
    });
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

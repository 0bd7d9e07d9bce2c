import { spawn, type ChildProcess } from "node:child_process";
import { waitUntil } from "../../base/clock.js";
import { ownArguments } from "../../base/own-files.js";
import { sideSocket } from "../control.js";
import type { StatusReport } from "../status.js";
import { askControl } from "./ask-control.js";
import { successorEnv } from "./inherited.js";

const READY_MS = 30_000;
const LOOK_MS = 50;
const ANSWER_MS = 2000;
const END_MS = 5000;

export interface HandOver {
  controlSocket: string;
  fds: readonly number[];
  names: readonly string[];
  /** Called when the new process has proven itself, just before it takes the control socket. */
  stepAside: () => void;
}

/**
 * Starts this very command line anew, with the code that is on the disk now and with the sockets that listen, and lets
 * it take over once its control socket answers.
 * @returns the pid of the new process, which from here on is the proxy
 * @throws Error why it did not take over; then it is gone, and nothing has changed
 */
export async function handOver({ controlSocket, fds, names, stepAside }: HandOver): Promise<number> {
  const child = spawn(process.execPath, [...ownArguments(), ...process.argv.slice(2)], {
    stdio: ["ignore", "inherit", "inherit", ...fds, "ipc"],
    env: successorEnv(process.env, names),
  });
  const outcome = watch(child);
  const pid = child.pid ?? 0;
  const side = sideSocket(controlSocket, pid);
  try {
    const isReady = async (): Promise<true | null> => {
      if (outcome.problem !== null) throw new Error(outcome.problem);
      const status = askControl<StatusReport>(side, "GET", "/status", ANSWER_MS);
      return status.then(
        (told) => (told.ready === true ? true : null),
        () => null,
      );
    };
    if ((await waitUntil(isReady, { timeoutMs: READY_MS, intervalMs: LOOK_MS })) === null)
      throw new Error(`process ${pid} was not ready within ${READY_MS / 1000} s`);
    stepAside();
    await askControl(side, "POST", `/take-over?from=${process.pid}`, ANSWER_MS);
  } catch (error) {
    await end(child);
    throw error;
  }
  child.disconnect();
  child.unref();
  return pid;
}

/** What speaks against the new process: its own words, if it had any. */
function watch(child: ChildProcess): { problem: string | null } {
  const outcome: { problem: string | null } = { problem: null };
  const name = (): string => `process ${child.pid ?? "unknown"}`;
  child.on(
    "message",
    (message) => (outcome.problem ??= `${name()}: ${typeof message === "string" ? message : "no words"}`),
  );
  child.on("error", ({ message }) => (outcome.problem ??= message));
  child.on("exit", (code, signal) => {
    // Its last words may still be on their way.
    setTimeout(() => (outcome.problem ??= endOf(name(), code, signal)), LOOK_MS);
  });
  return outcome;
}

function endOf(name: string, code: number | null, signal: string | null): string {
  return `${name} ended with ${signal ?? `code ${code ?? "unknown"}`}; the log of the proxy says why`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await gone;
  clearTimeout(hard);
}

/** For the process that waits for this one to become ready: why it will not. */
export function tellPredecessor(problem: string): void {
  if (process.connected) process.send?.(problem, undefined, undefined, () => {});
}

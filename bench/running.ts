import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { findProgram } from "../test/support/needs.js";

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

export interface Command {
  program: string;
  args: readonly string[];
  cwd?: string;
  env?: Readonly<Record<string, string>>;
}

export interface RunningServer {
  /** Pid of the master. */
  pid: number;
  stop(): Promise<void>;
}

/** The command with every process of it kept on these processors; null: as it is. */
export function pinned(command: Command, cpus: string | null): Command {
  if (cpus === null) return command;
  return { ...command, program: "taskset", args: ["-c", cpus, command.program, ...command.args] };
}

/**
 * Starts a server in the foreground and waits until its port accepts connections.
 * @throws Error with what it said when it ends before that, or does not listen in time
 */
export async function startListening(command: Command, port: number): Promise<RunningServer> {
  const program = findProgram(command.program);
  if (program === null) throw new Error(`${command.program} is not installed`);
  // a session of its own: the master of lighttpd ends its whole process group
  const child = spawn(program, command.args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    env: { ...process.env, ...command.env },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop(child);
      throw new Error(`${command.program} does not listen on port ${port}\n${output}`);
    }
    await pause(20);
  }
  return { pid, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(hard);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

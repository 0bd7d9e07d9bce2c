import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { monotonicMs } from "./clock.js";

/** Where programs named without a path are looked for; never the caller's PATH: fence often runs as root. */
const PROGRAM_FOLDERS = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
] as const;

/** All that a program that fence runs inherits of the environment. */
const ENV_KEPT = ["LANG", "LC_ALL", "TZ"] as const;
/** Of stdout and of stderr each, unless another limit is asked for; the rest is read and dropped. */
const OUTPUT_BYTES_MAX = 256 * 1024;
/** After the program itself has ended, how long a grandchild may hold its output open. */
const OUTPUT_GRACE_MS = 250;

export interface RunOptions {
  timeoutMs: number;
  /** Variables that it gets besides. */
  env?: Readonly<Record<string, string>>;
  /** What is kept of its stdout and of its stderr. */
  outputBytesMax?: number;
}

export interface RunResult {
  program: string;
  args: readonly string[];
  /** null: it did not end by itself, or did not start. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  timedOut: boolean;
  /** errno name when it could not be started, e.g. `ENOENT`. */
  startError: string | null;
  tookMs: number;
}

/** The absolute path of a program; null when there is no executable file of that name. */
export function findProgram(program: string): string | null {
  const candidates = isAbsolute(program) ? [program] : PROGRAM_FOLDERS.map((folder) => join(folder, program));
  if (!isAbsolute(program) && program.includes("/")) return null;
  for (const path of candidates) {
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not there, or not for us: try the next folder.
    }
  }
  return null;
}

/** The environment of every program that fence runs. @param more variables that it inherits besides */
export function programEnv(more: readonly string[] = []): Record<string, string> {
  const env: Record<string, string> = { PATH: PROGRAM_FOLDERS.join(":") };
  for (const name of [...ENV_KEPT, ...more]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/**
 * Runs a program in a process group of its own, without a shell and without stdin. Never rejects: a program
 * that is missing, fails or hangs is a result. At the timeout the group is killed.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const began = monotonicMs();
  const out = new BoundedOutput(options.outputBytesMax ?? OUTPUT_BYTES_MAX);
  const err = new BoundedOutput(options.outputBytesMax ?? OUTPUT_BYTES_MAX);
  let timedOut = false;
  const result = (rest: Pick<RunResult, "exitCode" | "signal" | "startError">): RunResult => ({
    program,
    args,
    ...rest,
    stdout: out.text(),
    stderr: err.text(),
    truncated: out.truncated || err.truncated,
    timedOut,
    tookMs: monotonicMs() - began,
  });
  const path = findProgram(program);
  if (path === null) return Promise.resolve(result({ exitCode: null, signal: null, startError: "ENOENT" }));

  return new Promise((resolve) => {
    const child = spawn(path, args, {
      cwd: "/",
      env: { ...programEnv(), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The whole group has ended already.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, options.timeoutMs);
    const end = (rest: Pick<RunResult, "exitCode" | "signal" | "startError">): void => {
      clearTimeout(timer);
      resolve(result(rest));
    };
    child.stdout.on("data", (chunk: Buffer) => out.add(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.add(chunk));
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) end({ exitCode: null, signal: null, startError: error.code ?? "unknown" });
    });
    child.on("exit", () => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_GRACE_MS).unref();
    });
    child.on("close", (exitCode, signal) => end({ exitCode, signal, startError: null }));
  });
}

class BoundedOutput {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  truncated = false;

  constructor(private readonly bytesMax: number) {}

  add(chunk: Buffer): void {
    const room = this.bytesMax - this.#bytes;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    this.#chunks.push(chunk.subarray(0, room));
    this.#bytes += Math.min(chunk.length, room);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

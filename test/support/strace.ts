import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TracedRun {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** One file operation of a traced run that names a path below the traced folder, or acts on a file opened there. */
export interface FileOperation {
  syscall: string;
  /** The how-manieth call of this syscall by its thread, from 1: what strace's `when=` counts. */
  when: number;
  line: string;
}

/** Each changes the disk or makes a change last. */
const SYSCALLS = ["openat", "write", "pwrite64", "fsync", "rename", "symlink", "unlink", "mkdir", "fchmod", "chmod", "utimensat", "ftruncate", "rmdir"];

/** Runs a Node script and lists its file operations below `folder`, in order. */
export async function listOperations(folder: string, args: readonly string[]): Promise<{ run: TracedRun; operations: FileOperation[] }> {
  const home = mkdtempSync(join(tmpdir(), "fence-strace-"));
  const log = join(home, "log");
  try {
    const run = await execute(["-f", "-qq", "-y", "-s", "0", "-o", log, "-e", `trace=${SYSCALLS.join(",")}`, process.execPath, ...args]);
    const counts = new Map<string, number>();
    const operations: FileOperation[] = [];
    for (const line of readFileSync(log, "utf8").split("\n")) {
      const match = /^(\d+) +([a-z0-9_]+)\(/.exec(line);
      if (match === null) continue;
      const [, thread = "", syscall = ""] = match;
      const when = (counts.get(`${thread} ${syscall}`) ?? 0) + 1;
      counts.set(`${thread} ${syscall}`, when);
      if (line.includes(folder)) operations.push({ syscall, when, line });
    }
    return { run, operations };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Runs a Node script and does `what` (e.g. `signal=KILL`, `error=ENOSPC`) to one of its file operations. */
export function injectInto(operation: FileOperation, what: string, args: readonly string[]): Promise<TracedRun> {
  const { syscall, when } = operation;
  const inject = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:${what}:when=${when}`];
  return execute(["-f", "-qq", "-o", "/dev/null", ...inject, process.execPath, ...args]);
}

function execute(args: readonly string[]): Promise<TracedRun> {
  // Without the pool's threads racing each other, the main thread counts the same calls in every run.
  const child = spawn("strace", args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, UV_THREADPOOL_SIZE: "1" } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

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
  /** The how-manieth call of this syscall by the main thread, from 1: what strace's `when=` counts. */
  when: number;
  line: string;
}

/** A run whose wake-up pipe was hit instead never ends by itself. */
const RUN_TIMEOUT_MS = 15_000;

/** Each changes the disk or makes a change last. */
const SYSCALLS = [
  "openat",
  "write",
  "pwrite64",
  "fsync",
  "rename",
  "symlink",
  "unlink",
  "mkdir",
  "fchmod",
  "chmod",
  "utimensat",
  "ftruncate",
  "rmdir",
];

/**
 * Runs a Node script and lists its file operations below `folder`, in order. Only those of the main thread, which
 * does all of fence's own: the pool's threads read modules, and strace would count their calls as well.
 */
export async function listOperations(
  folder: string,
  args: readonly string[],
): Promise<{ run: TracedRun; operations: FileOperation[] }> {
  const home = mkdtempSync(join(tmpdir(), "fence-strace-"));
  const log = join(home, "log");
  try {
    const run = await execute([
      "-qq",
      "-y",
      "-s",
      "0",
      "-o",
      log,
      "-e",
      `trace=${SYSCALLS.join(",")}`,
      process.execPath,
      ...args,
    ]);
    const counts = new Map<string, number>();
    const operations: FileOperation[] = [];
    for (const line of readFileSync(log, "utf8").split("\n")) {
      const match = /^([a-z0-9_]+)\(/.exec(line);
      if (match === null) continue;
      const syscall = match[1] ?? "";
      const when = (counts.get(syscall) ?? 0) + 1;
      counts.set(syscall, when);
      if (line.includes(folder)) operations.push({ syscall, when, line });
    }
    return { run, operations };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/**
 * Runs a Node script and does `what` (e.g. `signal=KILL`, `error=ENOSPC`) to one of its file operations.
 * `isHit` is false when another call came in its place: Node itself writes to its wake-up pipe now and then.
 */
export async function injectInto(
  folder: string,
  operation: FileOperation,
  what: string,
  args: readonly string[],
): Promise<TracedRun & { isHit: boolean }> {
  const home = mkdtempSync(join(tmpdir(), "fence-strace-"));
  const log = join(home, "log");
  const { syscall, when } = operation;
  const inject = ["-e", `trace=${syscall}`, "-e", `inject=${syscall}:${what}:when=${when}`];
  try {
    const run = await execute(["-qq", "-y", "-s", "0", "-o", log, ...inject, process.execPath, ...args]);
    const calls = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.startsWith(`${syscall}(`));
    return { ...run, isHit: calls[when - 1]?.includes(folder) ?? false };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function execute(args: readonly string[]): Promise<TracedRun> {
  const child = spawn("strace", args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), RUN_TIMEOUT_MS);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

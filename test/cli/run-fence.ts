import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../src/base/errors.js";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");
export const FENCE = path.join(ROOT, "bin/fence.js");

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  /** All of the environment besides PATH. */
  env?: Record<string, string>;
  uid?: number;
  gid?: number;
}

/** The real program as a child, without a terminal and with an environment that says nothing by itself. */
export function fence(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runProgram(process.execPath, [FENCE, ...args], options);
}

export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { cwd = ROOT, env = {}, ...ids } = options;
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", USER: "tester", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...ids,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The last line of an error for a person names its code and its exit code, and the process ends with that. */
export function assertFails(
  { code, stderr }: Pick<Ended, "code" | "stderr">,
  error: ErrorCode,
  exit: number,
): void {
  assert.match(stderr, new RegExp(`\\(${error}, exit ${exit}\\)\n$`));
  assert.equal(code, exit);
}

/** A folder of its own for a test, removed after it. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "fence-cli-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

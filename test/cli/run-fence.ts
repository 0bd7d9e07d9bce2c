import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../src/base/errors.js";
import { isOutputName, OUTPUTS } from "../../src/cli/output-schema.js";

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
  /** It is killed then, and the run has failed; absent: it may take as long as it wants. */
  timeoutMs?: number;
}

/** The real program as a child, without a terminal and with an environment that says nothing by itself. */
export async function fence(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await runProgram(process.execPath, [FENCE, ...args], options);
  for (const line of `${ended.stdout}\n${ended.stderr}`.split("\n")) assertKeepsItsSchema(line);
  return ended;
}

/** What says by which schema it is to be read can be read by it. */
function assertKeepsItsSchema(line: string): void {
  if (!/^\{"(schema":"fence\/|t":")/.test(line)) return;
  const object = JSON.parse(line) as { schema?: string };
  const name =
    object.schema === undefined ? "event" : object.schema.slice("fence/".length).replace(/@1$/, "");
  assert.ok(isOutputName(name), `no schema of ${name}`);
  const { error } = OUTPUTS[name].safeParse(object);
  assert.equal(error, undefined, `${name}: ${error?.message}\n${line}`);
}

export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { cwd = ROOT, env = {}, timeoutMs, ...ids } = options;
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
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            child.kill("SIGKILL");
            reject(new Error(`${args.join(" ")} did not end within ${timeoutMs} ms\n${stdout}${stderr}`));
          }, timeoutMs);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
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

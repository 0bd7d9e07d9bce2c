import type { ServerAdapter } from "../servers/adapter.js";
import type { Server } from "../spec/types.js";
import { run } from "../base/run.js";

export interface ConfigTestResult {
  /** skipped: the server's main config is the user's own. */
  result: "passed" | "failed" | "hung" | "no-program" | "skipped";
  /** What the server printed, trimmed; may be empty. */
  output: string;
  /** The command line, for a person to repeat it. */
  command: string;
}

/** One that takes half a second takes many times as long on a crowded machine. */
const TIMEOUT_MS = 60_000;

/** Runs the server's own config test on a rendered tree; `serverDir` is the server's folder in it, staged or in force. */
export async function configTest(
  adapter: ServerAdapter,
  server: Server,
  serverDir: string,
): Promise<ConfigTestResult> {
  const test = adapter.configTest(server, serverDir);
  if (test === null) return { result: "skipped", output: "", command: "" };
  const command = [test.program, ...test.args].join(" ");
  const done = await run(test.program, test.args, { timeoutMs: TIMEOUT_MS });
  const output = `${done.stdout}${done.stderr}`.trim();
  if (done.startError !== null) return { result: "no-program", output: done.startError, command };
  if (done.timedOut) return { result: "hung", output, command };
  const failed = done.exitCode !== 0 || (test.stderrFails && done.stderr.trim() !== "");
  return { result: failed ? "failed" : "passed", output, command };
}

import { isProxyRun } from "./proxy-run.js";

/**
 * The way into the program. A proxy serves for months: what only reads a command line and a spec is not loaded into
 * its process.
 */
export async function start(argv: readonly string[]): Promise<void> {
  if (isProxyRun(argv)) {
    const { runProxyProcess } = await import("./proxy-process.js");
    return runProxyProcess(argv);
  }
  const { run } = await import("./main.js");
  return run(argv);
}

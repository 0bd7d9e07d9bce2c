import { spawn } from "node:child_process";
import { constants } from "node:os";

/** As shells say it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SIGNALLED = 128;

export interface ForegroundResult {
  /** That of the program; 128 and the number of the signal that ended it; 126 or 127 when it did not start. */
  code: number;
  hasStarted: boolean;
  /** One sentence when it did not end with 0; null: it did. */
  problem: string | null;
}

/**
 * Runs a program of the user's in the foreground: found by the user's PATH, with the user's environment, terminal and
 * folder, and without a shell. Resolves when it has ended.
 * @param signal its abort is handed on as `signalOf` says
 * @param signalOf null: the program has it from the terminal already
 */
export function runForeground(
  [program = "", ...args]: readonly string[],
  stdout: "inherit" | 2,
  signal: AbortSignal,
  signalOf: () => NodeJS.Signals | null,
): Promise<ForegroundResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["inherit", stdout, "inherit"] });
    const hand = (): void => {
      const name = signalOf();
      if (name !== null) child.kill(name);
    };
    if (signal.aborted) hand();
    signal.addEventListener("abort", hand, { once: true });
    const end = (result: ForegroundResult): void => {
      signal.removeEventListener("abort", hand);
      resolve(result);
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      const code = error.code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
      end({
        code,
        hasStarted: false,
        problem: `${program} could not be started: ${error.code ?? error.message}`,
      });
    });
    child.on("exit", (code, name) => {
      if (name !== null)
        end({
          code: SIGNALLED + constants.signals[name],
          hasStarted: true,
          problem: `${program} was ended by ${name}`,
        });
      else
        end({
          code: code ?? 1,
          hasStarted: true,
          problem: code === 0 ? null : `${program} ended with ${code}`,
        });
    });
  });
}

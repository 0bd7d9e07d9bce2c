import { createInterface } from "node:readline/promises";
import { FenceError } from "../base/errors.js";
import type { Context } from "./context.js";

/** Whether there is somebody to ask. */
export function canAsk(context: Context): boolean {
  return context.mayAsk && process.stdin.isTTY === true && context.err.isTerminal && !context.json;
}

/**
 * Asks a question whose answer is no unless it is yes.
 * @throws FenceError `interrupted` when the answer is Ctrl-C
 */
export async function confirm(question: string): Promise<boolean> {
  const readline = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new Promise<never>((_, reject) => {
    readline.once("SIGINT", () => {
      process.stderr.write("\n");
      reject(new FenceError("interrupted", "stopped at the question; nothing was changed"));
    });
  });
  const closed = new Promise<string>((resolve) => readline.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([readline.question(`${question} [y/N] `), gone, closed]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    readline.close();
  }
}

import { CommanderError } from "commander";
import { EXIT } from "../base/exit.js";
import type { Run } from "./command.js";
import { bareContext, contextOfCommand, type Context, type Streams } from "./context.js";
import { reportFailure } from "./failure.js";
import { guardStream } from "./output.js";
import { createProgram } from "./program.js";

/**
 * Runs one command line (without node and the script). The exit code goes to process.exitCode, and the process ends by
 * itself once everything is written.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const streams = guardStreams();
  let context: Context | null = null;
  const runCommand: Run = async (command, handler) => {
    context = contextOfCommand(argv, streams, command);
    const exit = await handler(context);
    // A failed write to stdout has set an exit code of its own by now; success must not hide it.
    if (exit !== "ok") process.exitCode = typeof exit === "number" ? exit : EXIT[exit];
  };
  try {
    await createProgram(runCommand).parseAsync([...argv], { from: "user" });
  } catch (error) {
    const help = error instanceof CommanderError ? SHOWN[error.code] : undefined;
    process.exitCode = help ?? reportFailure(context ?? bareContext(argv, streams), error);
  }
}

function guardStreams(): Streams {
  const err = guardStream(process.stderr, () => {});
  const out = guardStream(process.stdout, (error) => {
    process.exitCode = EXIT.failed;
    if (!err.closed) process.stderr.write(`fence: cannot write to stdout: ${error.message}\n`);
  });
  return { out, err };
}

/**
 * Commander ends a parse with an error also when it has just shown what was asked for. A command line without a
 * command has shown the help on stderr: that is a wrong use, but the help says it all.
 */
const SHOWN: Readonly<Record<string, number>> = {
  "commander.helpDisplayed": EXIT.ok,
  "commander.version": EXIT.ok,
  "commander.help": EXIT.usage,
};

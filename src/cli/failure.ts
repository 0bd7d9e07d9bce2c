import { CommanderError } from "commander";
import { FenceError } from "../base/errors.js";
import { EXIT, type ExitCode } from "../base/exit.js";
import type { Context } from "./context.js";
import { diagnosticText } from "./diagnostic-text.js";
import { printable } from "../base/printable.js";

/** Says what went wrong on stderr, for a person or as one JSON object, and tells the exit code. */
export function reportFailure(context: Context, thrown: unknown): ExitCode {
  const error = asFenceError(thrown);
  const exit = EXIT[error.exit];
  if (context.json) context.err.line(JSON.stringify(errorObject(error)));
  else printForPerson(context, error);
  if (context.verbose && !context.json) {
    for (
      let at: unknown = error.code === "internal" ? thrown : error.cause;
      at instanceof Error;
      at = at.cause
    ) {
      context.err.line(at.stack ?? String(at));
    }
  }
  return exit;
}

/** The shape of `fence/error@1`. */
function errorObject(error: FenceError): Record<string, unknown> {
  return {
    schema: "fence/error@1",
    code: error.code,
    exit: EXIT[error.exit],
    message: error.message,
    hint: error.hint,
    ...(error.diagnostics.length > 0 ? { diagnostics: error.diagnostics } : {}),
  };
}

function printForPerson(context: Context, error: FenceError): void {
  const { err } = context;
  for (const diagnostic of error.diagnostics) err.write(`${diagnosticText(diagnostic, err)}\n`);
  const lines = error.message.split("\n").map(printable);
  err.line(`${err.paint("red", "fence:")} ${lines.join("\n  ")}`);
  if (error.hint !== null) {
    for (const line of error.hint.split("\n")) err.line(`  ${printable(line)}`);
  }
  err.line(err.paint("dim", `  (${error.code}, exit ${EXIT[error.exit]})`));
}

/** What was thrown, as the command line tells it. */
export function asFenceError(thrown: unknown): FenceError {
  if (thrown instanceof FenceError) return thrown;
  if (thrown instanceof CommanderError) return usageError(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new FenceError("internal", `unexpected error: ${message}`, {
    cause: thrown,
    hint: "this is a defect of fence; run the command again with -v for the details",
  });
}

const WRONG_VALUE = /^([^\n]*? argument) '(.*)' is invalid\./s;
const VALUE_CHARACTERS_MAX = 60;

/** Of a value that may be long or have several lines, enough to know it again. */
function shortened(value: string): string {
  const characters = [...value.replace(/\s+/g, " ")];
  if (characters.length <= VALUE_CHARACTERS_MAX) return characters.join("");
  return `${characters.slice(0, VALUE_CHARACTERS_MAX).join("")}…`;
}

/** Commander words its errors `error: …\n(Did you mean …?)`; ours have no prefix and a hint. */
function usageError(error: CommanderError): FenceError {
  const message = error.message
    .replace(/^error: /, "")
    .replace(WRONG_VALUE, (_all, what: string, value: string) => {
      return `${what} '${shortened(value)}' is invalid.`;
    });
  const [first = "", ...rest] = message.split("\n");
  const suggestion = rest
    .join(" ")
    .trim()
    .replace(/^\((.*)\)$/, "$1");
  return new FenceError("usage", first, {
    hint: suggestion || "fence help shows the commands and their options",
  });
}

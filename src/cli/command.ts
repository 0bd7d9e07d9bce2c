import { Option, type Argument, type Command } from "commander";
import type { ExitName } from "../base/exit.js";
import type { Context } from "./context.js";

/** Runs a command: its context, its own options, its arguments. The returned name becomes the exit code; a number is one of another program. */
export type Handler<Options> = (
  context: Context,
  options: Options,
  ...args: string[][]
) => Promise<ExitName | number>;

/** How a command hands over to its handler; main.ts makes one for the whole process. */
export type Run = (
  command: Command,
  handler: (context: Context) => Promise<ExitName | number>,
) => Promise<void>;

export interface CommandSpec<Options> {
  /** Name and arguments, e.g. `status [site...]`. */
  usage: string;
  /** Arguments that `usage` cannot describe: those with choices. */
  arguments?: readonly Argument[];
  /** Left out of the list of commands. */
  hidden?: true;
  /** One sentence for the list of commands. */
  summary: string;
  /** What it does, in plain sentences. */
  description: string;
  examples: readonly { line: string; does: string }[];
  /** --json has a meaning here. */
  json: boolean;
  options?: readonly Option[];
  handler: Handler<Options>;
}

const WIDTH = 78;

const examples = new WeakMap<Command, CommandSpec<unknown>["examples"]>();

/** What a command's help shows under "Examples:"; nothing for fence itself. */
export function examplesOf(command: Command): CommandSpec<unknown>["examples"] {
  return examples.get(command) ?? [];
}

/** Adds a command with the options that all commands share. */
export function addCommand<Options>(program: Command, run: Run, spec: CommandSpec<Options>): void {
  const command = program.command(spec.usage, { hidden: spec.hidden === true });
  command.summary(spec.summary).description(spec.description);
  for (const argument of spec.arguments ?? []) command.addArgument(argument);
  for (const option of spec.options ?? []) command.addOption(option);
  if (spec.json) command.option("--json", "print JSON, errors too (env: FENCE_JSON)");
  for (const option of globalOptions(spec.json)) command.addOption(option.helpGroup("Global options:"));
  command.helpOption("-h, --help", "show this help");
  examples.set(command, spec.examples);
  command.addHelpText("after", examplesText(spec.examples));
  command.action(async (...given: unknown[]) => {
    // Commander adds the options and the command to the arguments.
    const values = given.slice(0, -2).map(asList);
    await run(command, (context) => spec.handler(context, command.opts<never>(), ...values));
  });
}

/** An argument is a word, a list of words, or left out. */
function asList(value: unknown): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as string[]) : [value as string];
}

/** The options that may stand before the command or after it. */
export function globalOptions(hasOwnJson: boolean): Option[] {
  return [
    new Option("-c, --config <file>", "the spec (env: FENCE_CONFIG)"),
    new Option("-C <folder>", "go to this folder first"),
    ...(hasOwnJson ? [] : [new Option("--json", "print JSON, errors too (env: FENCE_JSON)")]),
    new Option("-q, --quiet", "print results and errors only"),
    new Option("-v, --verbose", "say more, and where unexpected errors come from"),
    new Option("--no-input", "never ask (env: FENCE_NO_INPUT)"),
    new Option("--no-color", "print without colour (env: NO_COLOR)"),
  ];
}

function examplesText(shown: CommandSpec<unknown>["examples"]): string {
  const lines = shown.flatMap(({ line, does }) => [
    ...wrapText(does, WIDTH - 4).map((text) => `  # ${text}`),
    `  ${line}`,
  ]);
  return `\nExamples:\n${lines.join("\n")}`;
}

/** Lines of at most `width` characters. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

import type { Command } from "commander";
import { FenceError } from "../../base/errors.js";
import { EXIT, EXIT_MEANING, type ExitName } from "../../base/exit.js";
import { addCommand, wrapText, type Run } from "../command.js";
import { suggest } from "../../base/suggest.js";

const EXIT_CODES = "exit-codes";
const MEANING_COLUMNS = 72;

export function addHelp(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "help [topic]",
    summary: "show the help of a command, or the exit codes",
    description: "Shows the help of a command, or with the topic exit-codes what each exit code means.",
    json: false,
    examples: [{ does: "the exit codes of every command", line: "fence help exit-codes" }],
    handler: async (context, _options, [topic] = []) => {
      const command = topic === undefined ? program : program.commands.find((one) => one.name() === topic);
      if (command) command.outputHelp();
      else if (topic === EXIT_CODES) context.out.write(exitCodesText());
      else throw unknownTopic(program, topic ?? "");
      return "ok";
    },
  });
}

function exitCodesText(): string {
  const lines = (Object.keys(EXIT) as ExitName[]).flatMap((name) => {
    const [first = "", ...rest] = wrapText(EXIT_MEANING[name], MEANING_COLUMNS);
    return [`${String(EXIT[name]).padStart(5)}  ${first}`, ...rest.map((text) => `       ${text}`)];
  });
  return `Exit codes of every command:\n${lines.join("\n")}\n`;
}

function unknownTopic(program: Command, topic: string): FenceError {
  const topics = [...program.commands.map((command) => command.name()), EXIT_CODES];
  const near = suggest(topic, topics);
  return new FenceError("usage", `there is no help on ${JSON.stringify(topic)}`, {
    hint: near === null ? `there is help on: ${topics.join(", ")}` : `did you mean ${near}?`,
  });
}

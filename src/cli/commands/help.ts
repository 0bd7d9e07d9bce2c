import type { Command } from "commander";
import { FenceError } from "../../base/errors.js";
import { EXIT, EXIT_MEANING, type ExitName } from "../../base/exit.js";
import { HELP_TOPICS, type HelpTopic } from "../help-topics.js";
import { ENVIRONMENT, ENVIRONMENT_TOLD } from "../environment.js";
import { addCommand, wrapText, type Run } from "../command.js";
import { suggest } from "../../base/suggest.js";

const TOPICS: Readonly<Record<HelpTopic, () => string>> = {
  "exit-codes": exitCodesText,
  environment: environmentText,
};
const MEANING_COLUMNS = 72;

export function addHelp(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "help [topic]",
    summary: "show the help of a command, the exit codes, the environment",
    description:
      "Shows the help of a command; with the topic exit-codes what each exit code means, with environment what the " +
      "environment says to fence.",
    json: false,
    examples: [
      { does: "the exit codes of every command", line: "fence help exit-codes" },
      { does: "the variables that every command looks at", line: "fence help environment" },
    ],
    handler: async (context, _options, [topic] = []) => {
      const command = topic === undefined ? program : program.commands.find((one) => one.name() === topic);
      const known = HELP_TOPICS.find((one) => one === topic);
      if (command) command.outputHelp();
      else if (known) context.out.write(TOPICS[known]());
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

function environmentText(): string {
  const told = (table: Readonly<Record<string, string>>): string =>
    Object.entries(table)
      .map(
        ([name, meaning]) =>
          `  ${name}\n${wrapText(meaning, MEANING_COLUMNS)
            .map((line) => `       ${line}\n`)
            .join("")}`,
      )
      .join("");
  return `What the environment says to fence; a flag wins over it:\n${told(ENVIRONMENT)}
What fence says to programs that it starts:\n${told(ENVIRONMENT_TOLD)}`;
}

function unknownTopic(program: Command, topic: string): FenceError {
  const topics = [...program.commands.map((command) => command.name()), ...HELP_TOPICS];
  const near = suggest(topic, topics);
  return new FenceError("usage", `there is no help on ${JSON.stringify(topic)}`, {
    hint: near === null ? `there is help on: ${topics.join(", ")}` : `did you mean ${near}?`,
  });
}

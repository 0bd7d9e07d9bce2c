import { InvalidArgumentError, Option, type Command } from "commander";
import { option, parseDuration, parseText } from "../arguments.js";
import { holdOptions } from "../change-options.js";
import { addCommand, type Run } from "../command.js";

export interface RunOptions {
  mode: "hold" | "down" | "none";
  onFailure: "stay" | "up";
  checkUrl?: string[];
  checkTimeout: number;
  maxWait?: number;
  for?: number;
  maxHeld?: number;
  drainTimeout?: number;
  reason?: string;
  timeout?: number;
  lockTimeout: number;
}

export function addRun(program: Command, run: Run): void {
  addCommand<RunOptions>(program, run, {
    usage: "run [site...]",
    summary: "hold sites, run a command, check the backends, let the sites go on",
    description:
      "Holds sites until no request is at the backends, runs the command that stands behind --, asks the backends on " +
      "their own addresses until they are well, and releases. The command runs in the foreground, without a shell. The " +
      "exit code is the command's, when it is not 0.\n\n" +
      "When the command fails, or the backends are not well in time (exit code 9), the sites go down, and requests that " +
      "wait get the maintenance answer; with --on-failure up they go on. When the sites cannot be held or drained, the " +
      "command is not run and they are up again. Ctrl-C ends each step the same way.",
    json: true,
    options: [
      new Option("--mode <mode>", "what the sites are meanwhile; none leaves them alone")
        .choices(["hold", "down", "none"])
        .default("hold"),
      new Option("--on-failure <what>", "stay: the sites go down; up: they go on")
        .choices(["stay", "up"])
        .default("stay"),
      new Option("--check-url <url>", "must answer 2xx or 3xx, too; may be given again").argParser(parseUrl),
      option("--check-timeout <duration>", "give up the check after this long", parseDuration).default(
        30_000,
        "30s",
      ),
      ...holdOptions(),
      option("--reason <text>", "why, for the history", parseText),
      option(
        "--timeout <duration>",
        "give up the proof of a switch after this long, and undo",
        parseDuration,
      ),
      option("--lock-timeout <duration>", "wait this long for another fence to end", parseDuration).default(
        0,
        "0s",
      ),
    ],
    examples: [
      { does: "restart a backend that no client notices", line: "fence run main -- systemctl restart app" },
      {
        does: "a deploy that takes longer, with a check of its own",
        line: "fence run --for 5m --check-url http://127.0.0.1:8080/ -- ./deploy.sh",
      },
    ],
    handler: async (context, options, words = []) => {
      const { runCommand } = await import("../run.js");
      return runCommand(context, options, words);
    },
  });
}

function parseUrl(text: string, before: string[] | undefined): string[] {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError("It must be an http or https URL.");
  return [...(before ?? []), text];
}

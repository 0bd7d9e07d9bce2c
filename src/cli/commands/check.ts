import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";

export function addCheck(program: Command, run: Run): void {
  addCommand<{ strict?: true }>(program, run, {
    usage: "check",
    summary: "check the spec and what it stands for; change nothing",
    description:
      "Checks the spec and lists every problem with its line and the fix. Then says what the servers cannot do for " +
      "this spec, renders the config into a temporary folder and lets each installed server test it. Nothing of the " +
      "host is changed.",
    json: true,
    options: [new Option("--strict", "a limit or a server that is not installed is a failure too")],
    examples: [
      { does: "before a commit", line: "fence check" },
      { does: "on the host itself", line: "fence check --strict -c /etc/fence/fence.toml" },
    ],
    handler: async (context, options) => {
      const { checkSpec } = await import("../check.js");
      return checkSpec(context, options.strict === true);
    },
  });
}

import { Option, type Command } from "commander";
import { option, parseDuration } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export interface ApplyOptions {
  reload?: true;
  lockTimeout: number;
}

export function addApply(program: Command, run: Run): void {
  addCommand<ApplyOptions>(program, run, {
    usage: "apply",
    summary: "put the rendered config in force, tested first",
    description:
      "Renders the config, lets each server test it while it is still aside, and puts it in the place of the old one " +
      "in one step. Then makes sure that every site has an active variant, in the mode it has now, so that the " +
      "servers can start. When a test fails nothing is changed.\n\n" +
      "Says which servers have to reload, and the command for it; with --reload fence signals them itself and proves " +
      "the modes of their sites again.",
    json: true,
    options: [
      new Option("--reload", "tell the servers that have to reload to do so"),
      option("--lock-timeout <duration>", "wait this long for another fence to end", parseDuration).default(
        0,
        "0s",
      ),
    ],
    examples: [{ does: "after an edit of fence.toml", line: "fence plan && fence apply --reload" }],
    handler: async (context, options) => {
      const { apply } = await import("../apply.js");
      return apply(context, options);
    },
  });
}

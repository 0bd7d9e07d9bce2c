import { Option, type Command } from "commander";
import { option, parseDuration } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export interface ApplyOptions {
  reload?: true;
  takeOver?: true;
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
      "the modes of their sites again.\n\n" +
      "A state folder is of one spec, the one that was applied last. Another is refused, also by what switches sites, " +
      "until it takes over; one that was moved goes on.",
    json: true,
    options: [
      new Option("--reload", "tell the servers that have to reload to do so"),
      new Option("--take-over", "take the state folder, and its sites, from another spec"),
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

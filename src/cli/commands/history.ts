import type { Command } from "commander";
import { option, parseCount } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export function addHistory(program: Command, run: Run): void {
  addCommand<{ number: number }>(program, run, {
    usage: "history [site]",
    summary: "list past changes: who, when, why, how long",
    description: "Lists the changes of one site, or of all, the newest last.",
    json: true,
    options: [option("-n, --number <count>", "at most this many", parseCount(1)).default(20)],
    examples: [{ does: "the last five of a site", line: "fence history main -n 5" }],
    handler: async (context, options, sites = []) => {
      const { showHistory } = await import("../history.js");
      return showHistory(context, sites, options.number);
    },
  });
}

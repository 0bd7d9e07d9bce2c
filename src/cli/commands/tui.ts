import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";
import type { TuiCommandOptions } from "../tui.js";

export function addTui(program: Command, run: Run): void {
  addCommand<TuiCommandOptions>(program, run, {
    usage: "tui [site...]",
    summary: "see and switch sites on the whole terminal",
    description:
      "Shows the sites on the whole terminal, a look a second: mode, end, requests in flight and held, and on how " +
      "many servers it is proven; the servers and workers of each; what was changed before. d, u, h and r take a site " +
      "down and up, hold and release it: each asks first, and shows the command line that does the same. ? lists the " +
      "keys. What a server cannot tell is n/a.",
    json: false,
    options: [
      new Option("--read-only", "look, and change nothing"),
      new Option("--screen-reader", "print plain sentences (env: INK_SCREEN_READER=true)"),
    ],
    examples: [
      { does: "every site", line: "fence tui" },
      { does: "for a screen on the wall", line: "fence tui --read-only" },
    ],
    handler: async (context, options, sites = []) => {
      const { runTui } = await import("../tui.js");
      return runTui(context, sites, options);
    },
  });
}

import { Option, type Command } from "commander";
import { option, parseDuration, parseText } from "../arguments.js";
import { addCommand, type Run } from "../command.js";
import type { PageOptions } from "../page.js";

export function addPage(program: Command, run: Run): void {
  addCommand<PageOptions>(program, run, {
    usage: "page [site]",
    summary: "show the maintenance page of a site, and its size",
    description:
      "Prints the maintenance page as clients would get it, and on stderr its size: as it is, compressed, and of the " +
      "whole answer. Nothing is changed. Without a name it is the only site of the spec.",
    json: true,
    options: [
      new Option("--locale <tag>", "in this language; without it the first of the site"),
      option("--message <text>", "as fence down --message would", parseText),
      option("--reason <text>", "as fence down --reason would", parseText),
      option("--for <duration>", "as fence down --for would", parseDuration),
      new Option("--open", "write it to a file and open it in the browser"),
    ],
    examples: [
      { does: "look at it in a browser", line: "fence page main --open" },
      { does: "in Arabic, with an end", line: "fence page --locale ar --for 20m > page.html" },
      { does: "only the sizes", line: "fence page --json" },
    ],
    handler: async (context, options, site) => {
      const { showPage } = await import("../page.js");
      return showPage(context, options, site);
    },
  });
}

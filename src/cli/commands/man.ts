import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";

interface ManOptions {
  out?: string;
}

export function addMan(program: Command, run: Run): void {
  addCommand<ManOptions>(program, run, {
    usage: "man [command]",
    summary: "print the manual page of fence or of a command",
    description:
      "Prints a manual page, for man to show; with --out it writes every page into a folder, such as " +
      "/usr/local/share/man/man1.",
    json: false,
    options: [new Option("--out <folder>", "write all pages there")],
    examples: [
      { does: "read the page of a command", line: "fence man down | man -l -" },
      { does: "install all of them", line: "fence man --out /usr/local/share/man/man1" },
    ],
    handler: async (context, options, [topic] = []) => {
      const { printPage, writePages } = await import("../man.js");
      if (options.out === undefined) printPage(context, program, topic ?? null);
      else writePages(context, program, options.out);
      return "ok";
    },
  });
}

import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";
import { SERVER_KINDS, type WebServerKind } from "../../spec/types.js";

export function addInit(program: Command, run: Run): void {
  addCommand<{ kind: WebServerKind; force?: true }>(program, run, {
    usage: "init",
    summary: "write a first fence.toml with comments",
    description:
      "Writes a commented fence.toml into this folder, or to the file of --config, to be edited. A file that is " +
      "there already is never overwritten without --force.",
    json: false,
    options: [
      new Option("--kind <kind>", "the web server to write config for")
        .choices([...SERVER_KINDS])
        .default("nginx"),
      new Option("--force", "overwrite the file"),
    ],
    examples: [{ does: "for lighttpd", line: "fence init --kind lighttpd" }],
    handler: async (context, options) => {
      const { writeStarter } = await import("../init.js");
      return writeStarter(context, options.kind, options.force === true);
    },
  });
}

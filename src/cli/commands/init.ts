import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";
import { SERVER_KINDS } from "../../spec/types.js";
import type { InitOptions } from "../init.js";

export function addInit(program: Command, run: Run): void {
  addCommand<InitOptions>(program, run, {
    usage: "init",
    summary: "write a first fence.toml with comments",
    description:
      "Writes a commented fence.toml into this folder, or to the file of --config, to be edited: for the web server " +
      "that is installed here, else for fence's own proxy. With --include the config of that server stays yours, and " +
      "gets two lines; its names, addresses and pid file are those that nginx -T or lighttpd -p tells of. A file that is there already is never overwritten without --force.",
    json: false,
    options: [
      new Option("--kind <kind>", "another web server to write config for").choices([...SERVER_KINDS]),
      new Option("--include", "for a server that has a config already"),
      new Option("--force", "overwrite the file"),
    ],
    examples: [
      { does: "beside the config that this host's server has", line: "fence init --include" },
      { does: "for lighttpd", line: "fence init --kind lighttpd" },
    ],
    handler: async (context, options) => {
      const { writeStarter } = await import("../init.js");
      return writeStarter(context, options);
    },
  });
}

import { CommanderError, type Command } from "commander";
import { addCommand, type Run } from "../command.js";
import type { Context } from "../context.js";
import { fenceVersion } from "../version.js";

export function addVersion(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "version",
    summary: "print the version of fence",
    description: "Prints the version of fence, as --version does; with -v also that of Node.",
    json: true,
    examples: [{ does: "for a bug report", line: "fence version -v" }],
    handler: printVersion,
  });
  program.on("option:version", () => {
    const version = fenceVersion();
    process.stdout.write(`${version}\n`);
    throw new CommanderError(0, "commander.version", version);
  });
}

function printVersion(context: Context): Promise<"ok"> {
  const version = fenceVersion();
  if (context.json)
    context.out.line(JSON.stringify({ schema: "fence/version@1", version, node: process.versions.node }));
  else context.out.line(context.verbose ? `fence ${version} (Node ${process.versions.node})` : version);
  return Promise.resolve("ok");
}

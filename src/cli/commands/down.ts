import type { Command } from "commander";
import { changeOptions, downOptions, type ChangeOptions } from "../change-options.js";
import { addCommand, type Run } from "../command.js";

export function addDown(program: Command, run: Run): void {
  addCommand<ChangeOptions>(program, run, {
    usage: "down [site...]",
    summary: "take sites down: clients get the maintenance answer",
    description:
      "Takes sites down. Clients get the maintenance page with status 503 and Retry-After; requests that have " +
      "begun are completed. fence returns once every worker of every server is proven to show the new mode. " +
      "No server reloads. A site that is down already stays so, and the exit code is 0.\n\n" +
      "Without a name it is the only site of the spec. Several sites are asked about on a terminal; without a " +
      "terminal, name them, or give --all with --yes.",
    json: true,
    options: [...downOptions(), ...changeOptions()],
    examples: [
      {
        does: "the only site, with an end that clients are told",
        line: 'fence down --for 20m --reason "database upgrade"',
      },
      { does: "two sites, in a script", line: "fence down main shop --timeout 5s" },
      { does: "what would happen to all of them", line: "fence down --all --dry-run" },
    ],
    handler: async (context, options, sites = []) => {
      const { change } = await import("../change.js");
      return change(context, "down", options, sites);
    },
  });
}

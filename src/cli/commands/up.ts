import type { Command } from "commander";
import { changeOptions, releaseOptions, type ChangeOptions } from "../change-options.js";
import { addCommand, type Run } from "../command.js";

export function addUp(program: Command, run: Run): void {
  addCommand<ChangeOptions>(program, run, {
    usage: "up [site...]",
    summary: "bring sites up: requests go where the spec says",
    description:
      "Brings sites up again. fence returns once every worker of every server is proven to show the new mode. " +
      "No server reloads. A site that is up already stays so, and the exit code is 0.\n\n" +
      "Without a name it is the only site of the spec. Several sites are asked about on a terminal; without a " +
      "terminal, name them, or give --all with --yes.",
    json: true,
    options: [...releaseOptions(), ...changeOptions()],
    examples: [
      { does: "the only site", line: "fence up" },
      { does: "every site, in a script", line: "fence up --all --yes" },
    ],
    handler: async (context, options, sites = []) => {
      const { change } = await import("../change.js");
      return change(context, "up", options, sites);
    },
  });
}

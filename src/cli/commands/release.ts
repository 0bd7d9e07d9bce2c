import type { Command } from "commander";
import { changeOptions, releaseOptions, type ChangeOptions } from "../change-options.js";
import { addCommand, type Run } from "../command.js";

export function addRelease(program: Command, run: Run): void {
  addCommand<ChangeOptions>(program, run, {
    usage: "release [site...]",
    summary: "let the requests of held sites go on: the sites are up",
    description:
      "Brings held sites up. The requests that waited go on in the order in which they came, as many at once as the " +
      "backends take, and new ones behind them. fence returns once every server is proven to be up and nobody waits any " +
      "more. A site that is up stays so, and the exit code is 0; one that is down is not brought up: fence up does that.",
    json: true,
    options: [...releaseOptions(), ...changeOptions()],
    examples: [{ does: "the only site", line: "fence release" }],
    handler: async (context, options, sites = []) => {
      const { release } = await import("../release.js");
      return release(context, options, sites);
    },
  });
}

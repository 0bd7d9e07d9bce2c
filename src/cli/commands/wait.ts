import type { Command } from "commander";
import { modeArgument, option, parseDuration } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export function addWait(program: Command, run: Run): void {
  addCommand<{ timeout: number }>(program, run, {
    usage: "wait <mode> [site]",
    summary: "wait until a site is up, down or held",
    description:
      "Waits until every server shows its clients the mode, however it comes about. The exit code is 0 as soon as it " +
      "does; at the deadline it is that of fence is: 3 for no, 4 when it cannot be told.",
    json: true,
    options: [option("--timeout <duration>", "give up after this long", parseDuration).default(60_000, "1m")],
    examples: [
      {
        does: "in a pipeline: go on when the operator has brought the site up",
        line: "fence wait up main --timeout 30m",
      },
    ],
    handler: async (context, options, [mode] = [], sites = []) => {
      const wanted = modeArgument(mode);
      const { waitFor } = await import("../is.js");
      return waitFor(context, wanted, sites, options.timeout);
    },
  });
}

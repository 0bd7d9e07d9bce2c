import type { Command } from "commander";
import { Option } from "commander";
import { addCommand, type Run } from "../command.js";

export function addStatus(program: Command, run: Run): void {
  addCommand<{ watch?: true; prometheus?: string }>(program, run, {
    usage: "status [site...]",
    summary: "show the mode of each site and whether the servers follow",
    description:
      "Shows for each site what was asked for, since when and until when, and whether each server shows just that " +
      "to its clients now. Where the wish, the disk and the server differ, a sentence says how; so does one of the " +
      "worker that a site forwards to. The exit code is 0 " +
      "whatever the mode; fence is and fence verify answer with theirs.",
    json: true,
    options: [
      new Option(
        "-w, --watch",
        "look again every second, as fence tui --read-only; without a terminal, print what changes",
      ),
      new Option(
        "--prometheus <file>",
        "write what is seen to this file, for the textfile collector of Prometheus, in place of printing it; - prints it",
      ).conflicts(["watch", "json"]),
    ],
    examples: [
      { does: "every site", line: "fence status" },
      {
        does: "the mode of one site, for a script",
        line: "fence status main --json | jq -r '.sites[0].mode'",
      },
    ],
    handler: async (context, options, sites = []) => {
      const { exportStatus, showStatus, watchStatus } = await import("../status.js");
      if (options.prometheus !== undefined) return exportStatus(context, sites, options.prometheus);
      return options.watch ? watchStatus(context, sites) : showStatus(context, sites);
    },
  });
}

import type { Command } from "commander";
import { addCommand, type Run } from "../command.js";

export function addVerify(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "verify [site...]",
    summary: "prove now that every server shows the mode asked for",
    description:
      "Asks every worker and every listener of every server for the mode of each site, through the front door, and " +
      "compares it with what was asked for and with the disk. The exit code is 0 when all agree, else 2.",
    json: true,
    examples: [
      { does: "as a check of the monitoring", line: "fence verify --quiet" },
      { does: "with every probe and worker", line: "fence verify main -v" },
    ],
    handler: async (context, _options, sites = []) => {
      const { verifySites } = await import("../verify.js");
      return verifySites(context, sites);
    },
  });
}

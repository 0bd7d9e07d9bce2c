import type { Command } from "commander";
import { modeArgument } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export function addIs(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "is <mode> [site]",
    summary: "answer with the exit code: is a site up, down or held",
    description:
      "Asks the servers which mode the clients of a site get now. The exit code is 0 for yes, 3 for no and 4 when " +
      "it cannot be told, because a server does not answer, the servers differ or none of them runs. Beside one that " +
      "runs, a server that does not counts with the mode it would start in. Prints nothing, except with -v or --json.",
    json: true,
    examples: [{ does: "deploy only while the site is down", line: "fence is down main && ./deploy.sh" }],
    handler: async (context, _options, [mode] = [], sites = []) => {
      const wanted = modeArgument(mode);
      const { answerIs } = await import("../is.js");
      return answerIs(context, wanted, sites);
    },
  });
}

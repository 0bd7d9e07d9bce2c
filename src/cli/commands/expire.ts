import type { Command } from "commander";
import { option, parseDuration } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export function addExpire(program: Command, run: Run): void {
  addCommand<{ lockTimeout: number }>(program, run, {
    usage: "expire [site...]",
    summary: "see to sites that are down past their end",
    description:
      "For a timer, each minute. A site that is down past the end that --for or --until gave it comes up again, proven, " +
      'when the spec says so (maintenance.on_expiry = "up") and its backends are well; otherwise it is named, and the ' +
      "exit code is 2. Nothing is done, and nothing is locked, while no site is past its end.\n\n" +
      "A site that somebody switches in the same moment is left to them.",
    json: true,
    options: [
      option("--lock-timeout <duration>", "wait this long for another fence to end", parseDuration).default(
        0,
        "0s",
      ),
    ],
    examples: [{ does: "what a timer calls", line: "fence expire --quiet --lock-timeout 30s" }],
    handler: async (context, options, sites = []) => {
      const { expireSites } = await import("../expire.js");
      return expireSites(context, options, sites);
    },
  });
}

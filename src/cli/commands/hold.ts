import type { Command } from "commander";
import { changeOptions, holdOptions, type ChangeOptions } from "../change-options.js";
import { addCommand, type Run } from "../command.js";

export function addHold(program: Command, run: Run): void {
  addCommand<ChangeOptions>(program, run, {
    usage: "hold [site...]",
    summary: "have requests wait, and return once none is at the backends",
    description:
      "Holds sites: new requests wait, whole, in the order in which they come; those that have begun are completed. " +
      "fence returns once every server is proven to hold and no request is at the backends any more, so that they can be " +
      "restarted without an error to any client. fence release lets them go on. What waits for too long, or beyond the " +
      "limits of [site.NAME.hold], gets the maintenance answer, and the hold itself ends after --for.\n\n" +
      "When requests are still at the backends after --drain-timeout the site stays held, and the exit code is 7.",
    json: true,
    options: [...holdOptions(), ...changeOptions()],
    examples: [
      {
        does: "restart a backend that no client notices",
        line: "fence hold && systemctl restart app && fence release",
      },
      { does: "a long restart", line: "fence hold main --for 3m --max-wait 2m" },
    ],
    handler: async (context, options, sites = []) => {
      const { change } = await import("../change.js");
      return change(context, "hold", options, sites);
    },
  });
}

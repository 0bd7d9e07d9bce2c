import type { Command } from "commander";
import { addCommand, type Run } from "../command.js";

export function addDoctor(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "doctor",
    summary: "say what stands in the way on this host",
    description:
      "Looks at the servers of the spec (or, without a spec, at every kind that fence knows): the program, its " +
      "version and modules, whether it runs; and at the folders that fence writes to. The exit code is 1 when " +
      "something stands in the way.",
    json: true,
    examples: [{ does: "on a new host", line: "fence doctor" }],
    handler: async (context) => {
      const { doctor } = await import("../doctor.js");
      return doctor(context);
    },
  });
}

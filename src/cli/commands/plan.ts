import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";

export function addPlan(program: Command, run: Run): void {
  addCommand<{ detailedExitcode?: true }>(program, run, {
    usage: "plan",
    summary: "show what apply would change",
    description:
      "Shows the difference between the output folder and what the spec stands for now, and which servers would have " +
      "to reload. Changes nothing.",
    json: true,
    options: [
      new Option(
        "--detailed-exitcode",
        "exit 2 when there is a difference, or a server has not reloaded yet",
      ),
    ],
    examples: [
      {
        does: "apply only when there is something to do",
        line: "fence plan --detailed-exitcode || fence apply --reload",
      },
    ],
    handler: async (context, options) => {
      const { showPlan } = await import("../plan.js");
      return showPlan(context, options.detailedExitcode === true);
    },
  });
}

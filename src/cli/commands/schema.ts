import type { Command } from "commander";
import { FenceError } from "../../base/errors.js";
import { suggest } from "../../base/suggest.js";
import { oneOf } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

const SPEC = "spec";

export function addSchema(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "schema",
    arguments: [oneOf("[of]", [SPEC, "status", "change", "run", "apply", "error", "event"])],
    summary: "print the JSON Schema of fence.toml, or of what --json prints",
    description:
      "Prints the JSON Schema of fence.toml. Editors with TOML support complete and check the file with it, when its " +
      "first line names the schema (#:schema ./fence.schema.json).\n\n" +
      "With the name of an object that --json prints, such as status for fence/status@1, it prints the schema of that. " +
      "event is a line of a command that takes long, before its result.",
    json: false,
    examples: [
      { does: "beside fence.toml", line: "fence schema > fence.schema.json" },
      { does: "what fence status --json prints", line: "fence schema status" },
    ],
    handler: async (context, _options, [of = SPEC] = []) => {
      context.out.line(JSON.stringify(await schemaOf(of), null, 2));
      return "ok";
    },
  });
}

async function schemaOf(name: string): Promise<object> {
  if (name === SPEC) return (await import("../../spec/json-schema.js")).jsonSchema();
  const { isOutputName, OUTPUTS, outputSchema } = await import("../output-schema.js");
  if (isOutputName(name)) return outputSchema(name);
  const names = [SPEC, ...Object.keys(OUTPUTS)];
  const near = suggest(name, names);
  throw new FenceError("usage", `there is no schema of ${JSON.stringify(name)}`, {
    hint: near === null ? `there are schemas of: ${names.join(", ")}` : `did you mean ${near}?`,
  });
}

import type { Command } from "commander";
import { addCommand, type Run } from "../command.js";

export function addSchema(program: Command, run: Run): void {
  addCommand(program, run, {
    usage: "schema",
    summary: "print the JSON Schema of fence.toml, for editors",
    description:
      "Prints the JSON Schema of fence.toml. Editors with TOML support complete and check the file with it, when its " +
      "first line names the schema (#:schema ./fence.schema.json).",
    json: false,
    examples: [{ does: "beside fence.toml", line: "fence schema > fence.schema.json" }],
    handler: async (context) => {
      const { jsonSchema } = await import("../../spec/json-schema.js");
      context.out.line(JSON.stringify(jsonSchema(), null, 2));
      return "ok";
    },
  });
}

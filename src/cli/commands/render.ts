import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";

export interface RenderOptions {
  out?: string;
  check?: true;
  stdout?: string;
}

export function addRender(program: Command, run: Run): void {
  addCommand<RenderOptions>(program, run, {
    usage: "render",
    summary: "write the config of every server from the spec",
    description:
      "Writes the config of every server and the down and up scripts of every site into the output folder. The new " +
      "folder takes the place of the old one in one step, so a server never reads half of it. The same spec gives " +
      "the same bytes on every machine.",
    json: true,
    options: [
      new Option("--out <folder>", "write there instead of to the output of the spec"),
      new Option(
        "--check",
        "write nothing; exit 2 and print the difference when the files are not up to date",
      ),
      new Option("--stdout <file>", "print this one file, write nothing").conflicts(["out", "check"]),
    ],
    examples: [
      { does: "in CI, when the output is committed", line: "fence render --check" },
      { does: "look at one file", line: "fence render --stdout web/nginx.conf" },
    ],
    handler: async (context, options) => {
      const { render } = await import("../render.js");
      return render(context, options);
    },
  });
}

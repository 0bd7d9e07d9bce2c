import { Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";
import type { ExplainOptions } from "../explain.js";

export function addExplain(program: Command, run: Run): void {
  addCommand<ExplainOptions>(program, run, {
    usage: "explain <url>",
    summary: "say which rules of the spec a request meets, and what it gets",
    description:
      "Says for each server which site, route and upstream would take a request, which others would and why they do " +
      "not, which exception lets it pass, and what the answer is now, and when the site is up, down and held. Rules " +
      "are told with their lines in the spec. Nothing is sent to a site: it is worked out as the servers work it out.",
    json: true,
    options: [
      new Option("--method <method>", "the request's method").default("GET"),
      new Option("--header <line>", "one of its headers, as 'Name: value'; may be given again")
        .argParser((line: string, before: readonly string[]) => [...before, line])
        .default([], "none"),
      new Option("--ip <address>", "the address that connects to the server").default("192.0.2.1"),
    ],
    examples: [
      { does: "which upstream takes this, and why", line: "fence explain https://www.example.com/api/x" },
      {
        does: "who gets through while the site is down",
        line: "fence explain https://www.example.com/ --ip 203.0.113.7",
      },
    ],
    handler: async (context, options, [url = ""] = []) => {
      const { explain } = await import("../explain.js");
      return explain(context, url, options);
    },
  });
}

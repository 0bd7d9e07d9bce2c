import { Argument, Option, type Command } from "commander";
import { oneOf, option, parseDuration } from "../arguments.js";
import { addCommand, type Run } from "../command.js";
import { BYPASS_ACTIONS, type BypassOptions } from "../bypass-actions.js";

export function addBypass(program: Command, run: Run): void {
  addCommand<BypassOptions>(program, run, {
    usage: "bypass",
    arguments: [oneOf("<action>", BYPASS_ACTIONS), new Argument("[name...]")],
    summary: "let staff see a site that is down: new, list, revoke",
    description:
      "new [site] prints a link. Whoever opens it gets a cookie, and with the cookie the live site while others get the " +
      "maintenance page or wait. list [site...] shows the links there are, without their secrets. revoke ID... ends " +
      "some, at once; revoke --all [site...] all of them.\n\n" +
      "The link is a secret: it is printed once, and only its hash is kept.",
    json: true,
    options: [
      option("--ttl <duration>", "new: it ends after this long", parseDuration).default(8 * 3_600_000, "8h"),
      new Option("--all", "revoke: all of the sites that are named, or of every site"),
    ],
    examples: [
      { does: "a link for the working day", line: "fence bypass new main" },
      { does: "who can pass", line: "fence bypass list" },
      { does: "nobody any more", line: "fence bypass revoke --all" },
    ],
    handler: async (context, options, [action] = [], names = []) => {
      const { bypass } = await import("../bypass.js");
      return bypass(context, options, action ?? "", names);
    },
  });
}

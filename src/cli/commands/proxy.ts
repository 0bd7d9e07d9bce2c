import { Argument, Option, type Command } from "commander";
import { addCommand, type Run } from "../command.js";
import { oneOf, option, parseDuration } from "../arguments.js";
import { PROXY_ACTIONS } from "../proxy-actions.js";

export interface ProxyOptions {
  accessLog?: true;
  timeout: number;
}

export function addProxy(program: Command, run: Run): void {
  addCommand<ProxyOptions>(program, run, {
    usage: "proxy",
    arguments: [oneOf("<action>", PROXY_ACTIONS), new Argument("[server]")],
    summary: "run fence's own web server: run, status, reload, upgrade, stop",
    description:
      'Runs the sites of a [server.NAME] with kind = "proxy", or talks to a proxy that runs. Without a name it is the ' +
      "only such server of the spec.\n\n" +
      "run serves in the foreground what fence apply has rendered, until SIGTERM, which lets what has begun end; an edit " +
      "of fence.toml comes into force by fence apply, not by a start. Errors go to stderr, one JSON object a line. " +
      "status asks a running proxy for its sites and backends. reload (SIGHUP) has it read anew what is rendered and " +
      "says whether it did. upgrade puts a new process, with the code that is on the disk, in the place of the one that " +
      "runs, which ends with its last request. stop ends it and waits until it is gone.",
    json: true,
    options: [
      new Option("--access-log", "run: print each request to stdout as a JSON object"),
      option("--timeout <duration>", "reload, upgrade, stop: wait this long", parseDuration).default(
        35_000,
        "35s",
      ),
    ],
    examples: [
      { does: "in the foreground, as systemd wants it", line: "fence proxy run web" },
      { does: "after an edit of fence.toml", line: "fence apply --reload" },
      { does: "after an update of fence or of Node", line: "fence proxy upgrade web" },
    ],
    handler: async (context, options, [action] = [], [server] = []) => {
      const { proxy } = await import("../proxy.js");
      return proxy(context, options, action ?? "", server ?? null);
    },
  });
}

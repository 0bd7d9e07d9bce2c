import { Option, type Command } from "commander";
import { option, parseCount, parseDuration } from "../arguments.js";
import { addCommand, type Run } from "../command.js";

export interface WorkersOptions {
  lines: number;
  follow?: true;
  reopen?: true;
  timeout: number;
}

export function addWorkers(program: Command, run: Run): void {
  addCommand<WorkersOptions>(program, run, {
    usage: "workers <action> [name]",
    summary: "run FastCGI and other programs: start, graceful, status, logs",
    description:
      "Starts the processes of each [worker.NAME], keeps them at their number, and replaces them without losing a " +
      "request. Without a name, all of them.\n\n" +
      "run supervises in the foreground, as systemd wants it, until SIGTERM, which ends the workers, too. start puts it " +
      "in the background, or starts what was stopped. graceful tries the new code out, starts it beside the old, and " +
      "ends each old process in a moment in which it has no connection; when the new code is not ready, the old stays. " +
      "restart ends the old processes first. upgrade replaces the supervisor alone, with the code that is on the disk " +
      "now; the workers serve on. status tells of each process, logs shows what they wrote. logs --reopen is for logrotate: " +
      "where the log of a process was moved away, it replaces the processes as graceful does, with the spec that they were " +
      "started from. import prints the " +
      "[worker.NAME] tables for a YAML file of FCGI::Engine::Manager.",
    json: true,
    options: [
      option("-n, --lines <count>", "logs: so many of the last lines", parseCount(1)).default(50),
      new Option("-f, --follow", "logs: go on with what is written"),
      new Option(
        "--reopen",
        "logs: show none; processes whose log was moved away write to a new file",
      ).conflicts("follow"),
      option("--timeout <duration>", "start, stop, upgrade: wait this long", parseDuration).default(
        120_000,
        "2m",
      ),
    ],
    examples: [
      {
        does: "new code in the place of the old, without losing a request",
        line: "fence workers graceful app",
      },
      {
        does: "the same as a step of a deploy, with a check",
        line: "fence run --mode none -- fence workers graceful",
      },
      { does: "what runs, for a script", line: "fence workers status --json | jq '.sets[].state'" },
    ],
    handler: async (context, options, [action] = [], [name] = []) => {
      const { workers } = await import("../workers.js");
      return workers(context, options, action ?? "", name ?? null);
    },
  });
}

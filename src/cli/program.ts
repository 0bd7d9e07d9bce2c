import { Command } from "commander";
import type { Run } from "./command.js";
import { globalOptions } from "./command.js";
import { addApply } from "./commands/apply.js";
import { addBypass } from "./commands/bypass.js";
import { addCheck } from "./commands/check.js";
import { addCompletion } from "./commands/completion.js";
import { addDoctor } from "./commands/doctor.js";
import { addDown } from "./commands/down.js";
import { addExpire } from "./commands/expire.js";
import { addExplain } from "./commands/explain.js";
import { addHold } from "./commands/hold.js";
import { addRelease } from "./commands/release.js";
import { addHelp } from "./commands/help.js";
import { addHistory } from "./commands/history.js";
import { addInit } from "./commands/init.js";
import { addIs } from "./commands/is.js";
import { addMan } from "./commands/man.js";
import { addPage } from "./commands/page.js";
import { addPlan } from "./commands/plan.js";
import { addProxy } from "./commands/proxy.js";
import { addRender } from "./commands/render.js";
import { addRun } from "./commands/run.js";
import { addSchema } from "./commands/schema.js";
import { addStatus } from "./commands/status.js";
import { addTui } from "./commands/tui.js";
import { addUp } from "./commands/up.js";
import { addVerify } from "./commands/verify.js";
import { addVersion } from "./commands/version.js";
import { addWait } from "./commands/wait.js";
import { addWorkers } from "./commands/workers.js";

const COLUMNS_MAX = 100;

/** Every command with its help. Building it loads no more than the help needs. */
export function createProgram(run: Run): Command {
  const program = new Command("fence")
    .usage("[options] <command> [arguments]")
    .description(
      "Takes a web site down and up again without losing a request, on lighttpd and nginx, from one file: fence.toml.",
    )
    .exitOverride()
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .helpCommand(false)
    .helpOption("-h, --help", "show this help")
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      // main.ts words every error; commander would print it a second time.
      outputError: () => {},
      getOutHelpWidth: () =>
        process.stdout.isTTY ? Math.min(process.stdout.columns || 80, COLUMNS_MAX) : 80,
      getErrHelpWidth: () =>
        process.stderr.isTTY ? Math.min(process.stderr.columns || 80, COLUMNS_MAX) : 80,
    });
  for (const option of globalOptions(false)) program.addOption(option);
  program.option("-V, --version", "print the version of fence");

  program.commandsGroup("Switch and look:");
  addDown(program, run);
  addUp(program, run);
  addHold(program, run);
  addRelease(program, run);
  addRun(program, run);
  addStatus(program, run);
  addTui(program, run);
  addIs(program, run);
  addWait(program, run);
  addVerify(program, run);
  addExpire(program, run);
  addBypass(program, run);
  addHistory(program, run);
  program.commandsGroup("Write the config of the servers:");
  addInit(program, run);
  addCheck(program, run);
  addRender(program, run);
  addPlan(program, run);
  addPage(program, run);
  addExplain(program, run);
  addApply(program, run);
  addProxy(program, run);
  addWorkers(program, run);
  program.commandsGroup("About this host and fence:");
  addDoctor(program, run);
  addSchema(program, run);
  addCompletion(program, run);
  addMan(program, run);
  addHelp(program, run);
  addVersion(program, run);
  program.addHelpText("after", FOOTER);
  return program;
}

/** The list of commands leaves out `[options]`: every command has some. */
function termOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(" ");
}

const FOOTER = `
Examples:
  # write a first fence.toml, then look at what it stands for
  fence init --kind nginx && fence check && fence plan
  # take the only site down for twenty minutes, and up again
  fence down --for 20m --reason "database upgrade"
  fence up

fence help <command> tells more; fence help exit-codes lists the exit codes,
fence help environment the variables.`;

import { FenceError } from "../base/errors.js";
import { type ExitName } from "../base/exit.js";
import { suggest } from "../base/suggest.js";
import type { Spec } from "../spec/types.js";
import type { WorkersOptions } from "./commands/workers.js";
import type { Context } from "./context.js";
import { loadSpecOf } from "./machine.js";
import { fenceVersion } from "./version.js";
import { command, someWorkers, workersFolder } from "./workers-command.js";

const ACTIONS = [
  "run",
  "start",
  "stop",
  "restart",
  "graceful",
  "upgrade",
  "status",
  "logs",
  "import",
] as const;
type Action = (typeof ACTIONS)[number];

/** `fence workers ACTION [NAME]`. */
export async function workers(
  context: Context,
  options: WorkersOptions,
  action: string,
  name: string | null,
): Promise<ExitName> {
  if (!isAction(action)) {
    const near = suggest(action, ACTIONS);
    const hint = `${near === null ? "" : `did you mean ${near}? `}the actions are ${ACTIONS.join(", ")}`;
    throw new FenceError("usage", `${JSON.stringify(action)} is no action of fence workers`, { hint });
  }
  if (action === "import") {
    const { importWorkers } = await import("./workers-import.js");
    return importWorkers(context, name);
  }
  if (options.reopen && action !== "logs") throw new FenceError("usage", "--reopen is an option of logs");
  const spec = await loadSpecOf(context);
  switch (action) {
    case "run":
      return supervise(context, spec, name);
    case "start":
    case "stop":
    case "upgrade": {
      const { startWorkers, stopWorkers, upgradeWorkers } = await import("./workers-life.js");
      const act = { start: startWorkers, stop: stopWorkers, upgrade: upgradeWorkers }[action];
      return act(context, options, spec, name);
    }
    case "restart":
    case "graceful":
      return command(context, spec, action, name);
    case "status": {
      const { showWorkers } = await import("./workers-view.js");
      return showWorkers(context, spec, name);
    }
    case "logs": {
      if (options.reopen) return command(context, spec, "reopen", name);
      const { showLogs } = await import("./workers-logs.js");
      return showLogs(context, options, spec, name);
    }
  }
}

function isAction(word: string): word is Action {
  return (ACTIONS as readonly string[]).includes(word);
}

/** In the foreground, until a signal or a command ends it. */
async function supervise(context: Context, spec: Spec, name: string | null): Promise<ExitName> {
  if (name !== null) throw new FenceError("usage", "fence workers run runs all workers of the spec");
  someWorkers(spec);
  const { runSupervisor } = await import("../workers/run.js");
  await runSupervisor({
    folder: workersFolder(spec),
    load: async () => (await loadSpecOf(context)).workers,
    errors: process.stderr,
    version: fenceVersion(),
  });
  return "ok";
}

import { constants, lstatSync } from "node:fs";
import { wallMs } from "../base/clock.js";
import { FenceError } from "../base/errors.js";
import { notifySystemd } from "../proxy/process/notify.js";
import { KeeperLink } from "./keeper-link.js";
import { LineServer } from "./lines.js";
import { WorkerLog } from "./log.js";
import { boundOwnLog } from "./own-log.js";
import { makePlaces, placesIn, type Places } from "./places.js";
import { Processes } from "./processes.js";
import { COMMANDS, Supervisor, type LoadWorkers, type SetCommand } from "./supervisor.js";
import type { StatusFacts } from "./types.js";

export interface SupervisorOptions {
  /** Of the sockets of fence workers itself. */
  folder: string;
  load: LoadWorkers;
  errors: NodeJS.WritableStream;
  version: string;
}

/** How a supervisor ended. leave: its workers serve on, for the next one. */
type Ended = "stopped" | "leave" | "keeper-gone";

/**
 * `fence workers run`: supervises in the foreground until SIGTERM or SIGINT, which end the workers, too.
 * @throws FenceError workers-failed, worker-socket, or what is wrong with the spec
 */
export async function runSupervisor({ folder, load, errors, version }: SupervisorOptions): Promise<void> {
  const places = placesIn(folder);
  closedFolder(places);
  const log = new WorkerLog(errors, () => boundOwnLog(places.ownLog));
  const ends = new Ends();
  const itself = {
    pid: process.pid,
    sinceMs: wallMs(),
    version,
    // Set by systemd for what it runs.
    managed: process.env["INVOCATION_ID"] !== undefined,
  };
  const admin = new LineServer((what, given) => answer(itself, current, ends, what, given));
  try {
    await admin.open(places.admin);
  } catch (cause) {
    throw new FenceError("workers-failed", `fence workers cannot start: ${(cause as Error).message}`, {
      cause,
      hint: "fence workers status shows the one that runs.",
    });
  }
  let current: Supervisor | null = null;
  try {
    for (let workers = await load(); ; workers = await load().catch(() => workers)) {
      const link = await KeeperLink.open(places);
      try {
        const supervisor = new Supervisor(new Processes(link), places, log, load);
        current = supervisor;
        const begun = supervisor.begin(workers);
        const ended = await Promise.race([
          begun.then(() => ready(log).then(() => ends.wait)),
          ends.wait,
          link.closed.then((): Ended => "keeper-gone"),
        ]);
        if (ended === "keeper-gone") {
          log.error("keeper-gone", { text: "the keeper has ended; its workers are taken over" });
          supervisor.letGo();
          current = null;
          begun.catch(() => {});
          continue;
        }
        if (ended === "stopped") await supervisor.end();
        else supervisor.letGo();
        return;
      } finally {
        link.close();
      }
    }
  } finally {
    ends.forget();
    admin.close();
  }
}

async function ready(log: WorkerLog): Promise<void> {
  log.info("supervisor-ready", { pid: process.pid });
  await notifySystemd(process.env, ["READY=1"]);
}

/** Everything in it can give orders to whoever runs the supervisor. @throws FenceError workers-failed */
function closedFolder(places: Places): void {
  makePlaces(places);
  const { folder } = places;
  const stats = lstatSync(folder);
  const isClosed = stats.isDirectory() && (stats.mode & (constants.S_IRWXG | constants.S_IRWXO)) === 0;
  if (isClosed && stats.uid === process.geteuid?.()) return;
  throw new FenceError("workers-failed", `${folder} is not a folder of this user that is closed to others`, {
    hint: `Remove it, or chmod 700 ${folder}.`,
  });
}

async function answer(
  itself: Omit<StatusFacts["supervisor"], "ready">,
  supervisor: Supervisor | null,
  ends: Ends,
  what: string,
  given: unknown,
): Promise<unknown> {
  const { name = null } = (given ?? {}) as { name?: string | null };
  if (what === "end" || what === "leave") {
    ends.end(what === "end" ? "stopped" : "leave");
    return { pid: process.pid };
  }
  if (what === "status") return statusOf(itself, supervisor, name);
  if (supervisor === null || supervisor.keeper === null)
    throw new FenceError("workers-busy", "the supervisor is starting", {
      hint: "Wait until it has started.",
    });
  if ((COMMANDS as readonly string[]).includes(what)) return supervisor.command(what as SetCommand, name);
  throw new Error(`the supervisor knows no ${what}`);
}

/** @param supervisor null: it has no keeper yet */
function statusOf(
  itself: Omit<StatusFacts["supervisor"], "ready">,
  supervisor: Supervisor | null,
  name: string | null,
): StatusFacts {
  return {
    supervisor: { ...itself, ready: supervisor?.isReady ?? false },
    keeper: supervisor?.keeper ?? null,
    sets: supervisor?.facts(name) ?? [],
  };
}

/** The end of the supervisor, by a signal or by a command. */
class Ends {
  readonly wait: Promise<Ended>;
  private resolve: (ended: Ended) => void = () => {};
  private readonly onSignal = (): void => this.resolve("stopped");

  constructor() {
    this.wait = new Promise((resolve) => (this.resolve = resolve));
    process.on("SIGTERM", this.onSignal).on("SIGINT", this.onSignal);
  }

  end(how: Ended): void {
    this.resolve(how);
  }

  forget(): void {
    process.off("SIGTERM", this.onSignal).off("SIGINT", this.onSignal);
  }
}

import { monotonicMs, sleep } from "../base/clock.js";
import { exists } from "../base/folders.js";
import { servedListens, type ProxyConfig } from "./configuration.js";
import { Log, type LogSink } from "./log.js";
import { Daemon } from "./process/daemon.js";
import { readDocument } from "./process/document.js";
import { identityOf } from "./process/identity.js";
import { takeInherited, type Inherited } from "./process/inherited.js";
import type { Serving } from "./process/serving.js";
import { Signals } from "./process/signals.js";
import { SingleProcess } from "./process/single.js";
import { BoundSockets } from "./process/sockets.js";
import { tellPredecessor } from "./process/successor.js";
import { Supervisor } from "./process/supervisor.js";

export interface RunOptions {
  /** The rendered `proxy.json`: read at the start, and at each SIGHUP. */
  file: string;
  errors: LogSink;
  /** null: no access log. */
  access: LogSink | null;
}

/** Below 16 characters, so that it is also what /proc/PID/comm says: by it a running proxy is known. */
const PROCESS_NAME = "fence-proxy";
/** The workers of a supervisor that was killed close their sockets as soon as they notice. */
const LEFT_BEHIND_MS = 3000;
const LOOK_MS = 50;

/**
 * Serves until SIGTERM or SIGINT, or until another process has taken over, and resolves when all has ended. SIGHUP reads
 * the document anew, SIGUSR1 opens the access log anew; a second SIGTERM ends at once.
 * @throws whatever stands against the start: then nothing listens any more
 */
export async function runProxy(options: RunOptions): Promise<void> {
  process.title = PROCESS_NAME;
  let serving: Serving | null = null;
  // Before the pid file is there: whoever reads it may send a signal at once.
  const signals = new Signals(() => {
    if (serving instanceof Supervisor) serving.kill();
  });
  const inherited = takeInherited(process.env, process.pid, process.ppid);
  let daemon: Daemon;
  try {
    const config = readDocument(options.file);
    const log = new Log(options.errors, config.server.name);
    const bound = socketsOf(config, inherited);
    serving = await servingOf(config, log, bound, options);
    const { file } = options;
    daemon = new Daemon({ file, config, log, bound, serving, predecessor: inherited.predecessor });
    await startPatiently(daemon, exists(config.controlSocket) && inherited.predecessor === null);
  } catch (error) {
    tellPredecessor((error as Error).message);
    throw error;
  }
  signals.onReload(() => daemon.reload());
  signals.onReopen(() => daemon.reopenLogs());
  await Promise.race([signals.ended, daemon.replaced]);
  await daemon.stop();
}

/** @throws Error for a socket that was passed on and that no listener wants */
function socketsOf(config: ProxyConfig, { fds, predecessor }: Inherited): BoundSockets {
  const bound = new BoundSockets(fds);
  const listens = servedListens(config);
  const strangers = bound.strangers(listens);
  // An older proxy passes on what it listened on; what the spec has dropped since is closed.
  if (predecessor !== null) bound.closeStrangers(listens);
  else if (strangers.length > 0)
    throw new Error(`it was given a socket on ${strangers.join(" and ")}, where no site listens`);
  return bound;
}

/** One worker that is nobody else needs no supervisor: one process less. */
async function servingOf(
  config: ProxyConfig,
  log: Log,
  bound: BoundSockets,
  { file, access }: RunOptions,
): Promise<Serving> {
  const { user, workers } = config.server;
  const identity = await identityOf(user);
  if (workers > 1 || identity !== null)
    return new Supervisor(config, log, bound, { file, identity, accessLog: access !== null });
  return new SingleProcess(config, log, access, bound);
}

/** @param isLeftBehind a proxy was killed: what is left of it may still hold its sockets for a moment */
async function startPatiently(daemon: Daemon, isLeftBehind: boolean): Promise<void> {
  const deadline = monotonicMs() + (isLeftBehind ? LEFT_BEHIND_MS : 0);
  for (;;) {
    try {
      return await daemon.start();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" || monotonicMs() >= deadline) throw error;
      await sleep(LOOK_MS);
    }
  }
}

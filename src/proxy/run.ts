import { readFileSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomic } from "../base/durable.js";
import { makeFolders } from "../base/folders.js";
import { Control } from "./control.js";
import { AccessLog, Log, type LogSink } from "./log.js";
import { readDocument } from "./process/document.js";
import { Proxy } from "./proxy.js";

export interface RunOptions {
  /** The rendered `proxy.json`: read at the start, and at each SIGHUP. */
  file: string;
  errors: LogSink;
  /** null: no access log. */
  access: LogSink | null;
}

/** Below 16 characters, so that it is also what /proc/PID/comm says: by it a running proxy is known. */
const PROCESS_NAME = "fence-proxy";
const RUN_FOLDER_MODE = 0o700;

/**
 * Serves until SIGTERM or SIGINT, and resolves when all has ended. SIGHUP reads the document anew; a second SIGTERM ends at
 * once.
 * @throws whatever stands against the start: then nothing listens any more
 */
export async function runProxy({ file, errors, access }: RunOptions): Promise<void> {
  process.title = PROCESS_NAME;
  // Before the pid file is there: whoever reads it may send a signal at once.
  const signals = new Signals();
  const config = readDocument(file);
  const { server, controlSocket } = config;
  const log = new Log(errors, server.name);
  const proxy = new Proxy(config, log, access === null ? null : new AccessLog(access));
  const answers = { sync: (site: string) => proxy.sync(site), status: () => proxy.status() };
  makeFolders(dirname(controlSocket), RUN_FOLDER_MODE);
  const control = new Control(controlSocket, answers);
  await control.open();
  try {
    await proxy.start();
    writeAtomic(server.pidFile, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    control.close();
    await proxy.stop();
    throw error;
  }
  log.info("started", { pid: process.pid });
  signals.onReload(() => reload(proxy, log, file));
  await signals.ended;
  log.info("stopping", {});
  await proxy.stop();
  control.close();
  removeOwn(server.pidFile);
  log.info("stopped", {});
}

async function reload(proxy: Proxy, log: Log, file: string): Promise<void> {
  try {
    await proxy.reload(readDocument(file));
    log.info("reloaded", {});
  } catch (error) {
    const { message } = error as Error;
    proxy.reloadFailed(message);
    log.error("reload-failed", { text: message });
  }
}

/** The signals of a daemon, from the first moment on. */
class Signals {
  /** Resolves at SIGTERM or SIGINT. */
  readonly ended: Promise<void>;
  private isAsked = false;
  private reload: (() => Promise<void>) | null = null;
  private reloading = Promise.resolve();

  constructor() {
    process.on("SIGHUP", () => {
      this.isAsked = true;
      this.go();
    });
    this.ended = new Promise((resolve) => {
      let asked = 0;
      const end = (): void => {
        asked += 1;
        if (asked > 1) process.exit(1);
        resolve();
      };
      process.on("SIGTERM", end).on("SIGINT", end);
    });
  }

  /** What SIGHUP is for, one after the other: each takes what the spec says then. */
  onReload(reload: () => Promise<void>): void {
    this.reload = reload;
    if (this.isAsked) this.go();
  }

  private go(): void {
    const { reload } = this;
    if (reload !== null) this.reloading = this.reloading.then(reload);
  }
}

/** Not another's: a proxy that took over has written its own number by now. */
function removeOwn(pidFile: string): void {
  try {
    if (readFileSync(pidFile, "latin1").trim() === String(process.pid)) unlinkSync(pidFile);
  } catch {
    // It is gone already.
  }
}

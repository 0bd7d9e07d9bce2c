import { fork, type ChildProcess } from "node:child_process";
import { readFileSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../base/durable.js";
import { makeFolders } from "../base/folders.js";
import { Control } from "../proxy/control.js";
import { Log, type LogSink } from "../proxy/log.js";
import { readGateConfig } from "./configuration.js";
import { Gate } from "./gate.js";

/** Below 16 characters, so that it is also what /proc/PID/comm says: by it a running gate is known. */
const PROCESS_NAME = "fence-gate";
const RUN_FOLDER_MODE = 0o711;
const AGAIN_MS = 50;
const AGAIN_MAX_MS = 2000;
const PROGRAM = fileURLToPath(new URL("./main.js", import.meta.url));

/**
 * Serves until SIGTERM, and resolves when all that has entered is through.
 * @throws whatever stands against the start: then no door is open
 */
export async function serveGate(file: string, errors: LogSink): Promise<void> {
  process.title = PROCESS_NAME;
  const ended = new Promise<void>((resolve) => process.on("SIGTERM", resolve));
  // The terminal's: whoever started the gate is told, and ends it.
  process.on("SIGINT", () => {});
  const config = readGateConfig(file);
  const log = new Log(errors, "gate");
  makeFolders(dirname(config.controlSocket), RUN_FOLDER_MODE);
  const gate = new Gate(config, log);
  const control = new Control(config.controlSocket, {
    sync: (site) => gate.sync(site),
    status: () => gate.status(),
  });
  await control.open();
  try {
    await gate.open();
  } catch (error) {
    control.close();
    throw error;
  }
  log.info("started", { pid: process.pid });
  process.send?.("ready");
  // Nobody would start it again: from now on it is the one that fence finds.
  process.on("disconnect", () => writeAtomic(config.pidFile, `${process.pid}\n`, { mode: 0o644 }));
  await ended;
  control.close();
  await gate.stop();
  removeOwn(config.pidFile);
}

/**
 * Keeps a gate serving, in a process of its own: one that is killed is started again at once, and takes up the mode that
 * the disk says. Resolves when the gate has ended after SIGTERM.
 * @throws Error when the gate cannot start
 */
export async function superviseGate(file: string): Promise<void> {
  process.title = PROCESS_NAME;
  const { pidFile } = readGateConfig(file);
  makeFolders(dirname(pidFile), RUN_FOLDER_MODE);
  let isStopping = false;
  let hasServed = false;
  let child: ChildProcess | null = null;
  process.on("SIGTERM", () => {
    isStopping = true;
    child?.kill("SIGTERM");
  });
  process.on("SIGINT", () => {});
  for (let pauseMs = AGAIN_MS; ; pauseMs = Math.min(AGAIN_MAX_MS, pauseMs * 2)) {
    const serving = fork(PROGRAM, ["serve", file], { stdio: "inherit" });
    child = serving;
    serving.once("message", () => {
      hasServed = true;
      pauseMs = AGAIN_MS;
      writeAtomic(pidFile, `${process.pid}\n`, { mode: 0o644 });
    });
    await new Promise<void>((resolve) => serving.once("exit", () => resolve()));
    if (isStopping) break;
    if (!hasServed) throw new Error("it cannot serve");
    await pause(pauseMs);
    if (isStopping) break;
  }
  removeOwn(pidFile);
}

/** Not another's. */
function removeOwn(pidFile: string): void {
  try {
    if (readFileSync(pidFile, "latin1").trim() === String(process.pid)) unlinkSync(pidFile);
  } catch {
    // It is gone already.
  }
}

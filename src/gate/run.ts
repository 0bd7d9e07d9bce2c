import { fork, type ChildProcess } from "node:child_process";
import { readFileSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ownProgram } from "../base/own-files.js";
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
const PROGRAM = ownProgram("gate/main.js");

/**
 * Serves until it is to end, by SIGTERM once nobody needs it and by SIGUSR2 at once, and resolves when all that has
 * entered is through.
 * @throws whatever stands against the start: then no door is open
 */
export async function serveGate(file: string, errors: LogSink): Promise<void> {
  process.title = PROCESS_NAME;
  // The terminal's: whoever started the gate is told, and ends it.
  process.on("SIGINT", () => {});
  const config = readGateConfig(file);
  const log = new Log(errors, "gate");
  makeFolders(dirname(config.controlSocket), RUN_FOLDER_MODE);
  const gate = new Gate(config, log);
  process.on("SIGTERM", () => gate.end());
  process.on("SIGUSR2", () => {
    control.close();
    gate.close();
  });
  const control = new Control(config.controlSocket, {
    sync: (site) => gate.sync(site),
    stay() {
      process.send?.("stay");
      return gate.stay();
    },
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
  await gate.through();
  control.close();
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
  /** What it was told last, that a next one must be told, too. */
  let told: "SIGTERM" | "SIGUSR2" | null = null;
  let hasServed = false;
  let child: ChildProcess | null = null;
  const tell = (signal: "SIGTERM" | "SIGUSR2"): void => {
    told = signal;
    child?.kill(signal);
  };
  process.on("SIGTERM", tell);
  process.on("SIGUSR2", tell);
  process.on("SIGINT", () => {});
  for (let pauseMs = AGAIN_MS; ; pauseMs = Math.min(AGAIN_MAX_MS, pauseMs * 2)) {
    const serving = fork(PROGRAM, ["serve", file], { stdio: "inherit" });
    child = serving;
    serving.on("message", (message) => {
      if (message === "stay") told = null;
      if (message !== "ready") return;
      hasServed = true;
      pauseMs = AGAIN_MS;
      writeAtomic(pidFile, `${process.pid}\n`, { mode: 0o644 });
      if (told !== null) serving.kill(told);
    });
    const code = await new Promise<number | null>((resolve) => serving.once("exit", resolve));
    if (code === 0) break;
    if (!hasServed) throw new Error("it cannot serve");
    await pause(pauseMs);
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
